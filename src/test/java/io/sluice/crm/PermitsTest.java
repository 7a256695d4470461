// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallReport;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Limits;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.quota.ThrottleSignal;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Shows what a pause means for callers that need a permit. */
class PermitsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CamelContext context = new DefaultCamelContext();
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final Permits permits = new Permits(
            new Quota(
                    DATABASE.sluice(),
                    Limits.of(Map.of("crm", List.of())),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(5)),
            pauseStore);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        context.start();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private static boolean permitted(Exchange exchange) {
        return exchange.getMessage().getHeader(Permits.PERMIT) instanceof Permit;
    }

    private String calls() throws SQLException {
        return DATABASE.text("select count(*) from sluice.api_call");
    }

    @Test
    void workThatStartedBeforeThePauseGetsItsPermits() throws Exception {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage()
                .setHeader(
                        Permits.PERMIT,
                        permits.await(
                                        () -> Optional.of(new CallRequest("crm", "write", Priority.HIGH, false)),
                                        Duration.ZERO)
                                .orElseThrow());
        permits.require(exchange, "crm", "query", "POST");
        permits.report(exchange, new CallReport("query", 200, 1, 10));
        pauseStore.pause(Kind.ACCOUNT, "crm", null);

        permits.require(exchange, "crm", "delete", "POST");
        assertThat(permitted(exchange)).isTrue();
        assertThat(DATABASE.texts("select priority from sluice.api_call"))
                .as("with its own priority")
                .containsOnly("1");
    }

    @Test
    void theLedgerNamesTheObjectsOfThePipelinesCall() throws Exception {
        for (CrmCall call : new CrmCall[] {
            new CrmCall.Write(
                    "crm", "crm", "composite", null, null, "Opportunity:No__c,Account:Key__c", "", null, Map.of()),
            new CrmCall.Describe("crm", "crm", "Contact"),
            new CrmCall.Journal("crm", "crm"),
            null
        }) {
            Exchange exchange = new DefaultExchange(context);
            exchange.setVariable("call", call);
            permits.require(exchange, "crm", "write", "POST");
            permits.report(
                    exchange,
                    new CallReport(
                            "write", 429, 1, 10, 20L, null, new ThrottleSignal(ThrottleSignal.SHORT, Duration.ZERO)));
            DATABASE.run("truncate sluice.throttle");
        }

        assertThat(DATABASE.texts("select coalesce(object, 'none') || answer_bytes || throttled from sluice.api_call"
                        + " order by id"))
                .containsExactly("Account,Opportunity20true", "Contact20true", "none20true", "none20true");
    }

    /** Shows that the cap belongs to the account, and that its slot is taken before a permit is requested. */
    @Test
    void aCallThatWaitsForTheCapHoldsNoPermit() throws Exception {
        Exchange exchange = new DefaultExchange(context);
        permits.cap(exchange, "crm", "upsert", "POST", 1);
        permits.require(exchange, "crm", "upsert", "POST");
        long calls = Long.parseLong(calls());
        Optional<Permit> second =
                permits.await(() -> Optional.of(new CallRequest("crm", "write", Priority.HIGH, false)), Duration.ZERO);
        assertThat(second).isEmpty();
        assertThat(calls()).as("permits").isEqualTo(Long.toString(calls));
        assertThat(permits.await(
                        () -> Optional.of(new CallRequest("crm", "query", Priority.HIGH, true)), Duration.ZERO))
                .as("reads have a cap of their own")
                .isPresent();
        assertThat(permits.await(
                        () -> Optional.of(new CallRequest("crm", "write", Priority.HIGH, false)),
                        Duration.ofSeconds(30)))
                .isPresent();
    }

    /** Shows that a route that uses up the cap does not stop the pipeline. */
    @Test
    void thePipelineMayAlwaysMakeOneCallPerSecond() throws Exception {
        for (int i = 0; i < 100; i++) {
            Exchange exchange = new DefaultExchange(context);
            permits.cap(exchange, "crm", "upsert", "POST", 2);
            permits.require(exchange, "crm", "upsert", "POST");
        }
        assertThat(permits.await(
                        () -> Optional.of(new CallRequest("crm", "write", Priority.HIGH, false)),
                        Duration.ofMillis(1500)))
                .isPresent();
    }

    @Test
    void aRouteWithoutAPermitWaitsUntilTheAccountIsResumed() throws Exception {
        pauseStore.pause(Kind.ACCOUNT, "crm", null);
        Exchange exchange = new DefaultExchange(context);
        CompletableFuture<Void> asking = CompletableFuture.runAsync(() -> {
            try {
                permits.require(exchange, "crm", "query", "POST");
            } catch (SQLException | InterruptedException failure) {
                throw new IllegalStateException(failure);
            }
        });
        assertThat(asking).isNotDone();
        assertThat(calls()).isEqualTo("0");
        pauseStore.resume(Kind.ACCOUNT, "crm");
        asking.get(30, TimeUnit.SECONDS);
        assertThat(permitted(exchange)).isTrue();
    }
}

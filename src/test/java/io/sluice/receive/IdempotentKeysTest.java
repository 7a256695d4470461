// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class IdempotentKeysTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");

    private final CamelContext context = new DefaultCamelContext();
    private final IdempotentKeys keys = new IdempotentKeys(DATABASE.sluice(), "source");

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    @Test
    void aKeyIsAddedOnceInAnyReplicaUntilItIsRemoved() {
        IdempotentKeys replica = new IdempotentKeys(DATABASE.sluice(), "source");
        assertThat(keys.add("a")).isTrue();
        assertThat(replica.add("a")).isFalse();
        assertThat(replica.contains("a")).isTrue();
        assertThat(keys.remove("a")).isTrue();
        assertThat(replica.contains("a")).isFalse();
        assertThat(replica.add("a")).isTrue();
    }

    @Test
    void theKeyOfAListIsKnownOnceAllItsItemsAre() throws SQLException {
        keys.add(IdempotentKeys.joined(List.of("a", "b")));
        assertThat(keys.known(List.of("a", "b", "c"))).isEqualTo(Set.of("a", "b"));
        assertThat(keys.contains(IdempotentKeys.joined(List.of("a", "b", "c")))).isFalse();
        assertThat(keys.add(IdempotentKeys.joined(List.of("b", "c")))).isTrue();
        assertThat(keys.contains(IdempotentKeys.joined(List.of("a", "b", "c")))).isTrue();
        keys.remove(IdempotentKeys.joined(List.of("a", "b", "c")));
        assertThat(DATABASE.text("select count(*) from sluice.idempotent_key")).isEqualTo("0");
    }

    @Test
    void repositoriesShareNoKeys() {
        IdempotentKeys other = new IdempotentKeys(DATABASE.sluice(), "webhook");
        keys.add("a");
        assertThat(other.contains("a")).isFalse();
        other.add("a");
        other.clear();
        assertThat(keys.contains("a")).isTrue();
    }

    @Test
    void theKeysOfStoredMessagesAreAddedOnceToo() {
        IdempotentKeys deliveries = IdempotentKeys.ofStoredMessages(DATABASE.sluice(), "webhook");
        assertThat(deliveries.add("a")).isTrue();
        assertThat(deliveries.add("a")).isFalse();
        assertThat(deliveries.add(IdempotentKeys.joined(List.of("a", "b")))).isTrue();
        assertThat(deliveries.remove("a")).isTrue();
        assertThat(deliveries.add("a")).isTrue();
    }

    private static CrmRecord record(String id, Instant at, String name) {
        return new CrmRecord(id, null, at, Map.of("LastName", name));
    }

    /** Passes a list of the source as the Kamelet does, and returns what the route gets. */
    private List<?> pass(String source, Object... list) throws SQLException {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setBody(new ArrayList<>(Arrays.asList(list)));
        new SourceRecords(keys).removeProcessed(exchange, source);
        keys.add(exchange.getProperty(SourceRecords.KEY, String.class));
        return exchange.getMessage().getBody(List.class);
    }

    @Test
    void aChangedRecordIsNoRepetition() throws SQLException {
        CrmRecord first = record("1", AT, "Ann");
        CrmRecord second = record("2", AT, "Bob");
        assertThat(pass("crm/mine", first, second, first)).isEqualTo(List.of(first, second));
        CrmRecord sameSecond = record("1", AT, "Anna");
        CrmRecord later = record("2", AT.plusSeconds(1), "Bob");
        assertThat(pass("crm/mine", first, sameSecond, second, later)).isEqualTo(List.of(sameSecond, later));
        assertThat(pass("crm/mine", first, later)).isEqualTo(List.of());
        assertThat(pass("crm/other", first)).isEqualTo(List.of(first));
    }

    @Test
    void aRecordWithEmptyFieldsAndNoTimeHasAKey() throws SQLException {
        Map<String, Object> fields = new java.util.HashMap<>();
        fields.put("LastName", null);
        CrmRecord empty = new CrmRecord("1", null, null, fields);
        assertThat(pass("crm/mine", empty)).hasSize(1);
        assertThat(pass("crm/mine", empty)).isEmpty();
    }

    @Test
    void anEventAndADeleteAreKnownByTheirIdentity() throws SQLException {
        CrmEvent event = CrmEvent.created(UUID.randomUUID(), "contacts", "1", AT);
        CrmEvent other = CrmEvent.created(UUID.randomUUID(), "contacts", "1", AT);
        DeletedRecord deleted = new DeletedRecord("1", AT);
        assertThat(pass("crm/mine", event, deleted)).hasSize(2);
        assertThat(pass("crm/mine", event, other, deleted, new DeletedRecord("1", AT.plusSeconds(9))))
                .isEqualTo(List.of(other, new DeletedRecord("1", AT.plusSeconds(9))));
    }
}

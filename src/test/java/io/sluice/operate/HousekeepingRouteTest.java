// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.quota.Limits;
import io.sluice.quota.Quota;
import io.sluice.quota.SavedCalls;
import io.sluice.store.TestDatabase;
import io.sluice.usage.UsageHours;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the route of housekeeping as it stands in its file. */
class HousekeepingRouteTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static void sweep(String ledgerRetention) throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            Properties settings = new Properties();
            settings.putAll(Map.of(
                    "sluice.ledger.retention", ledgerRetention,
                    "sluice.usage.retention", "400d",
                    "sluice.audit.retention", "300d",
                    "sluice.inbox.retention", "90m",
                    "sluice.idempotency.retention", "7d"));
            context.getPropertiesComponent().setInitialProperties(settings);
            context.getRegistry().bind("dataSource", DATABASE.sluice().dataSource());
            Quota quota = new Quota(
                    DATABASE.sluice(),
                    Limits.of(Map.of("crm", List.of())),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(5));
            context.getRegistry().bind("usageHours", new UsageHours(DATABASE.sluice()));
            context.getRegistry().bind("savedCalls", new SavedCalls(DATABASE.sluice()));
            context.getRegistry().bind("housekeeping", new Housekeeping(quota, Duration.ofDays(30)));
            PluginHelper.getRoutesLoader(context)
                    .loadRoutes(
                            ResourceHelper.resolveMandatoryResource(context, "file:routes/8-housekeeping.camel.yaml"));
            AdviceWith.adviceWith(context, "housekeeping", route -> route.replaceFromWith("direct:sweep"));
            context.start();
            context.getRouteController().startRoute("housekeeping");
            context.createProducerTemplate().sendBody("direct:sweep", null);
        }
    }

    private static List<String> left(String column, String table) throws SQLException {
        return DATABASE.texts("select " + column + " from sluice." + table + " order by 1");
    }

    @Test
    void processedEventsAreDeletedAfterTheirRetentionAndWaitingOnesAreNot() throws Exception {
        DATABASE.run("insert into sluice.inbox (account, identity, object, crm_id, kind, at, received_at, done_at)"
                + " select 'crm', gen_random_uuid(), 'contacts', id, 'read_back', now(), now() - interval '9 days', done"
                + " from (values ('old', now() - interval '2 hours'), ('new', now() - interval '1 hour'), ('waiting', null))"
                + " as e(id, done)");
        sweep("30d");
        assertThat(left("crm_id", "inbox")).containsExactly("new", "waiting");
    }

    @Test
    void keysAreDeletedAfterTheirRetention() throws Exception {
        DATABASE.run("insert into sluice.idempotent_key (repository, key, added_at)"
                + " values ('source', 'old', now() - interval '8 days'), ('source', 'new', now() - interval '6 days')");
        sweep("30d");
        assertThat(left("key", "idempotent_key")).containsExactly("new");
    }

    @Test
    void actionsAreDeletedAfterTheirRetention() throws Exception {
        DATABASE.run("insert into sluice.audit (at, name, address, action, status) values"
                + " (now() - interval '301 days', 'old', '', 'POST /', 200),"
                + " (now() - interval '299 days', 'new', '', 'POST /', 200)");
        sweep("30d");
        assertThat(left("name", "audit")).containsExactly("new");
    }

    @Test
    void sessionsAreDeletedOnceTheyHaveEnded() throws Exception {
        DATABASE.run("insert into sluice.web_session (id_hash, name, expires_at) values"
                + " ('1', 'ended', now() - interval '1 second'), ('2', 'open', now() + interval '1 minute')");
        sweep("30d");
        assertThat(left("name", "web_session")).containsExactly("open");
    }

    @Test
    void oldCallsAreDeletedFromTheLedger() throws Exception {
        DATABASE.run("insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at)"
                + " select 'crm', name, 2, at, at, at from (values ('old', now() - interval '31 days'),"
                + " ('new', now() - interval '29 days')) as c(name, at)");
        sweep("30d");
        assertThat(left("operation", "api_call")).containsExactly("new");
    }

    @Test
    void callsAreSummedByHourBeforeTheyAreDeletedAndTheSumsAreKeptLonger() throws Exception {
        DATABASE.run(
                "insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status)"
                        + " select 'crm', 'upsert', 2, at, at, at, 200"
                        + " from (select now() - interval '31 days' as at from generate_series(1, 3)) as c",
                "insert into sluice.usage_hour select now() - interval '401 days', 'crm', 'old', '', 2,"
                        + " 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0",
                "insert into sluice.saved_calls select now() - days * interval '1 day', 'crm', 'Contact', 'events', days"
                        + " from unnest(array[401, 399]) as days");
        sweep("30d");
        assertThat(left("calls", "saved_calls")).containsExactly("399");
        assertThat(left("id", "api_call")).isEmpty();
        assertThat(DATABASE.texts("select operation || ' ' || calls from sluice.usage_hour"))
                .containsExactly("upsert 3");
    }

    @Test
    void endedJobsAreDeletedAfterTwoDaysAtTheEarliestAndRunningOnesAreNot() throws Exception {
        DATABASE.run(
                "insert into sluice.bulk_job (lease, account, object, sync, operation, state, priority, records, ended_at)"
                        + " select gen_random_uuid(), 'crm', 'Contact', sync, 'upsert', 'poll', 2, 1, ended from"
                        + " (values ('old', now() - interval '3 days'), ('new', now() - interval '1 day'), ('running', null))"
                        + " as j(sync, ended)");
        sweep("30d");
        assertThat(left("sync", "bulk_job")).containsExactly("new", "old", "running");
        sweep("0ms");
        assertThat(left("sync", "bulk_job")).containsExactly("new", "running");
    }

    @Test
    void whatWasKnownOfDeletedRecordsIsDeletedAfterADay() throws Exception {
        DATABASE.run("insert into sluice.tombstone (account, object, key, deleted_at) values"
                + " ('crm', 'contacts', 'old', now() - interval '25 hours'),"
                + " ('crm', 'contacts', 'new', now() - interval '23 hours')");
        sweep("30d");
        assertThat(left("key", "tombstone")).containsExactly("new");
    }

    @Test
    void endedAlertsAreDeletedAfterTheirRetentionUnlessTheyAreNotDeliveredYet() throws Exception {
        DATABASE.run(
                "insert into sluice.alert (installation, id, kind, severity, what, action, since, seen_at, ended_at)"
                        + " select 'sluice', id, 'latency', 'info', '', '', now(), now(), ended from (values"
                        + " ('old', now() - interval '8 days'), ('undelivered', now() - interval '8 days'),"
                        + " ('new', now() - interval '6 days'), ('active', null)) as a(id, ended)",
                "insert into sluice.alert_notification (channel, alert, event)"
                        + " select 'mail', number, 'end' from sluice.alert where id = 'undelivered'");
        sweep("30d");
        assertThat(left("id", "alert")).containsExactly("active", "new", "undelivered");
    }

    @Test
    void whatNoChannelAcceptedIsDeletedAfterItsRetention() throws Exception {
        DATABASE.run(
                "insert into sluice.alert (installation, id, kind, severity, what, action, since, seen_at, ended_at)"
                        + " select 'sluice', id, 'latency', 'info', '', '', now(), now(), now() - interval '8 days'"
                        + " from unnest(array['old', 'new']) as id",
                "insert into sluice.alert_notification (channel, alert, event, created_at)"
                        + " select 'mail', number, 'end', now() - case id when 'old' then 8 else 6 end * interval '1 day'"
                        + " from sluice.alert");
        sweep("30d");
        assertThat(left("id", "alert")).containsExactly("new");
        assertThat(left("event", "alert_notification")).containsExactly("end");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.SubscriberAndPublisher;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that a subscription applies are captured: two servers, and PostgreSQL's own logical replication between them. */
class ReplicatedRowsIT {

    private static final List<String> TABLE =
            List.of("create schema app", "create table app.t (id int primary key, name text, notes text)");

    @TempDir
    private Path folder;

    @Test
    void rowsThatASubscriptionAppliesAreCapturedOnce() throws SQLException {
        try (SubscriberAndPublisher servers = SubscriberAndPublisher.start(folder);
                Database subscriber = Database.of(servers.subscriber(), "sluice", null, 4);
                Database publisher = Database.of(servers.publisher(), "sluice", null, 2)) {
            subscriber.migrate();
            for (String statement : TABLE) {
                subscriber.update(statement);
                publisher.update(statement);
            }
            publisher.update("insert into app.t select n, 'n' from generate_series(1, 10) as n");
            publisher.update("create publication p for table app.t");
            Sync sync = CaptureTest.sync("app.t", "id", "name");
            Capture capture = new Capture(subscriber, 1_000, WriteDebounce.NONE);
            capture.start(List.of(sync));
            subscriber.update("create subscription s connection 'host=127.0.0.1 port=" + servers.publisherPort()
                    + " user=sluice dbname=sluice' publication p");
            awaitLog(subscriber, "I 1", "I 10");
            subscriber.update("delete from sluice.change_log");
            publisher.update("update app.t set name = 'x' where id = 1");
            publisher.update("update app.t set notes = 'unmapped' where id = 2");
            publisher.update("delete from app.t where id = 3");
            publisher.update("update app.t set id = 40 where id = 4");
            publisher.update("insert into app.t values (11, 'new')");
            awaitLog(subscriber, "I 11");
            assertThat(log(subscriber)).containsExactly("U 1 name", "D 3", "K 4", "K 40", "I 11");
            subscriber.update("update app.t set name = 'own' where id = 5");
            assertThat(log(subscriber)).endsWith("U 5 name");
            subscriber.update("delete from sluice.change_log");
            subscriber.update("alter table app.t alter column name type varchar(99)");
            publisher.update("truncate app.t");
            awaitLog(subscriber, "D 11");
            assertThat(log(subscriber)).hasSize(10);
            subscriber.update("drop subscription s");
        }
    }

    private static void awaitLog(Database subscriber, String... lines) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(log(subscriber)).contains(lines));
    }

    private static List<String> log(Database subscriber) throws SQLException {
        return subscriber.query(
                "select concat_ws(' ', op, key, nullif(array_to_string(columns, ','), ''))"
                        + " from sluice.change_log cross join unnest(keys) with ordinality as k(key, place) order by seq, place",
                row -> row.getString(1));
    }
}

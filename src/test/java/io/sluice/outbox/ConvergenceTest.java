// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Shows that the CRM equals the table in the end whatever the application does and however calls end, and no record ever has
 * two writes in flight. On failure jqwik prints the seed.
 */
class ConvergenceTest {

    private static final String TABLE = "app.t";
    private static final int STEPS = 150;

    private static TestDatabase database;

    @BeforeContainer
    static void open() throws SQLException {
        database = TestDatabase.open();
    }

    @AfterContainer
    static void close() {
        database.close();
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF)
    void theCrmEqualsTheTableInTheEnd(@ForAll long seed) throws SQLException {
        try (Connection connection = database.application();
                Statement application = connection.createStatement()) {
            new Run(new Random(seed), application).play();
        }
    }

    private static final class Run {

        private final Random random;
        private final Statement application;
        private final Capture capture;
        private final Outbox outbox = new Outbox(database.sluice(), Duration.ofMinutes(1));
        private final Settlement settlement = new Settlement(database.sluice(), Backoff.NONE, WriteDebounce.NONE);
        /** Key to fields, as the CRM has them. */
        private final Map<String, Map<String, Object>> crm = new TreeMap<>();

        private final List<Claim> open = new ArrayList<>();
        private final Set<String> inFlight = new HashSet<>();
        private final StringBuilder history = new StringBuilder();

        Run(Random random, Statement application) {
            this.random = random;
            this.application = application;
            this.capture = new Capture(database.sluice(), 1 + random.nextInt(5), WriteDebounce.NONE);
        }

        void play() throws SQLException {
            database.reset();
            database.run(
                    "create table app.t (id int primary key, a text, b text, unmapped text)",
                    "insert into app.t values (1, 'x', 'y'), (2, 'x', null)");
            Sync sync = sync();
            capture.start(List.of(sync));
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> write();
                    case 3, 4 -> capture.drain(TABLE);
                    case 5, 6 -> claim();
                    case 7, 8 -> settleOne();
                    default -> expire();
                }
            }
            finish();
        }

        private static Sync sync() {
            Sync sync = new Sync();
            sync.setName("s");
            sync.setTable(TABLE);
            sync.setKey("id");
            sync.setAccount("crm");
            sync.setObject("Contact");
            sync.setExternalId("Key__c");
            sync.setFields(Map.of("a", "A", "b", "B"));
            return sync;
        }

        private void write() throws SQLException {
            // few keys and values, so that values come back while calls are under way
            int id = 1 + random.nextInt(3);
            String value = random.nextInt(8) == 0 ? "null" : random.nextBoolean() ? "'x'" : "'y'";
            String sql =
                    switch (random.nextInt(9)) {
                        case 0 -> "insert into app.t values (" + id + ", " + value + ") on conflict do nothing";
                        case 1 -> "delete from app.t where id = " + id;
                        case 2 ->
                            "insert into app.t values (" + id + ", 'u') on conflict (id) do update set b = " + value;
                        case 3 ->
                            "update app.t set id = 4 - id where id = " + id
                                    + " and not exists (select from app.t where id = 4 - " + id + ")";
                        case 4 -> "update app.t set a = " + value + ", unmapped = 'z'";
                        default -> "update app.t set b = " + value + " where id = " + id;
                    };
            tell(sql);
            application.execute(sql);
        }

        private void claim() throws SQLException {
            outbox.claim("crm", 1 + random.nextInt(3), Priority.LOW).ifPresent(claim -> {
                tell("claim " + claim.operation() + " " + claim.changes());
                for (RecordChange recordChange : claim.changes()) {
                    assertThat(inFlight.add(recordChange.key()))
                            .as("one write in flight for %s\n%s", recordChange.key(), history)
                            .isTrue();
                }
                open.add(claim);
            });
        }

        private void settleOne() throws SQLException {
            if (open.isEmpty()) {
                return;
            }
            Claim claim = open.remove(random.nextInt(open.size()));
            List<Outcome> outcomes = claim.changes().stream().map(this::call).toList();
            tell("settle " + outcomes);
            assertThat(settlement.settle(claim, outcomes)).isEqualTo(claim.size());
            claim.changes().forEach(recordChange -> inFlight.remove(recordChange.key()));
        }

        /** An answer may be lost before or after the CRM wrote. */
        private Outcome call(RecordChange recordChange) {
            return switch (random.nextInt(6)) {
                case 0 -> Outcome.retry(recordChange.key(), "BUSY", "not written");
                case 1 -> {
                    apply(recordChange);
                    yield Outcome.uncertain(
                            recordChange.key(), Outcome.Uncertainty.UNPROVEN, "LOST", "written, but nobody knows");
                }
                case 2 -> Outcome.rejected(recordChange.key(), "INVALID", "no");
                default -> {
                    apply(recordChange);
                    yield Outcome.done(recordChange.key(), "id-" + recordChange.key());
                }
            };
        }

        private void apply(RecordChange recordChange) {
            if (recordChange.operation() == Operation.DELETE) {
                crm.remove(recordChange.key());
            } else {
                crm.computeIfAbsent(recordChange.key(), key -> new TreeMap<>(EMPTY))
                        .putAll(recordChange.fields());
            }
        }

        /** The process that held the claims was killed, before or after some of its writes arrived. */
        private void expire() throws SQLException {
            for (Claim claim : open) {
                claim.changes().stream()
                        .filter(recordChange -> random.nextBoolean())
                        .forEach(this::apply);
            }
            tell("expire " + open.size());
            application.execute(
                    "update sluice.outbox set lease_until = now() - interval '1 second' where lease is not null");
            settlement.expireLeases();
            open.clear();
            inFlight.clear();
        }

        private void finish() throws SQLException {
            expire();
            settleAll();
            // a change of its row takes a dead letter along; the delete that was rejected has no row any more
            tell("revive");
            database.run(
                    "update app.t set a = 'r' || coalesce(a, '') where id::text in (select key from sluice.dead_letter)");
            settleAll();
            Map<String, Map<String, Object>> table = new TreeMap<>();
            database.sluice().query("select id, a, b from app.t", row -> {
                Map<String, Object> fields = new TreeMap<>();
                fields.put("A", row.getString("a"));
                fields.put("B", row.getString("b"));
                return table.put(row.getString("id"), fields);
            });
            List<String> dead = database.texts("select key from sluice.dead_letter");
            assertThat(dead)
                    .as("dead letters of rows that are there\n%s", history)
                    .noneMatch(table::containsKey);
            crm.keySet().removeAll(dead);
            assertThat(crm).as("%s", history).isEqualTo(table);
            assertThat(database.texts("select key from sluice.outbox")).isEmpty();
        }

        private void settleAll() throws SQLException {
            while (capture.drain(TABLE) > 0) {
                // until the log is empty
            }
            for (var claim = outbox.claim("crm", 3, Priority.LOW);
                    claim.isPresent();
                    claim = outbox.claim("crm", 3, Priority.LOW)) {
                tell("send " + claim.get().operation() + " " + claim.get().changes());
                claim.get().changes().forEach(this::apply);
                settlement.settle(
                        claim.get(),
                        claim.get().changes().stream()
                                .map(recordChange -> Outcome.done(recordChange.key(), "id-" + recordChange.key()))
                                .toList());
            }
        }

        private void tell(String what) {
            history.append(what).append('\n');
        }
    }

    /** A new record's fields. */
    private static final Map<String, Object> EMPTY = new TreeMap<>();

    static {
        EMPTY.put("A", null);
        EMPTY.put("B", null);
    }
}

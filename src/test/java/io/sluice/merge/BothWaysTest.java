// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random edits by the application and by users of one or two CRMs, with calls that end late and pages that were read before:
 * in the end all sides are equal, and nothing more is sent.
 */
class BothWaysTest {

    private static final String TABLE = "app.t";
    private static final int STEPS = 120;

    private static TestDatabase database;

    @BeforeContainer
    static void open() throws SQLException {
        database = TestDatabase.open();
    }

    @AfterContainer
    static void close() {
        database.close();
    }

    @Property(tries = 20, shrinking = ShrinkingMode.OFF)
    void bothSidesAreEqualInTheEnd(@ForAll long seed) throws SQLException {
        play(seed, List.of("crm"));
    }

    @Property(tries = 20, shrinking = ShrinkingMode.OFF)
    void aTableAndTwoCrmsAreEqualInTheEnd(@ForAll long seed) throws SQLException {
        play(seed, List.of("crm", "other"));
    }

    private static void play(long seed, List<String> crms) throws SQLException {
        try (Connection connection = database.application();
                Statement application = connection.createStatement()) {
            new Run(new Random(seed), application, crms).play();
        }
    }

    /** A page that was read and not applied yet. */
    private record Read(Instant at, List<CrmRecord> records, List<DeletedRecord> deleted) {}

    private static final class Run {

        private final Random random;
        private final Statement application;
        private final Capture capture;
        private final Outbox outbox = new Outbox(database.sluice(), Duration.ofMinutes(1));
        private final Settlement settlement = new Settlement(database.sluice(), Backoff.NONE, WriteDebounce.NONE);
        private final Applier applier;
        private final List<Crm> crms;
        private final StringBuilder log = new StringBuilder();
        private int calls;

        Run(Random random, Statement application, List<String> crms) {
            this.random = random;
            this.application = application;
            this.capture = new Capture(database.sluice(), 1 + random.nextInt(5), WriteDebounce.NONE);
            this.applier = new Applier(database.sluice(), capture);
            this.crms = crms.stream().map(Crm::new).toList();
        }

        void play() throws SQLException {
            database.reset();
            database.run(
                    "create table app.t (id int primary key, a text, b text)",
                    "insert into app.t values (1, 'x', 'y'), (2, 'x', null)");
            capture.start(crms.stream().map(crm -> crm.sync).toList());
            finish();
            for (int step = 0; step < STEPS; step++) {
                Crm crm = crms.get(random.nextInt(crms.size()));
                switch (random.nextInt(12)) {
                    case 0, 1 -> edit();
                    case 2, 3 -> crm.edit();
                    case 4 -> capture.drain(TABLE);
                    case 5, 6 -> crm.claim();
                    case 7, 8 -> crm.settleOne();
                    case 9, 10 -> crm.read();
                    default -> crm.apply();
                }
            }
            finish();
            for (Crm crm : crms) {
                assertThat(crm.rows())
                        .as(() -> crm.sync.getName() + " " + crm.sync.getConflicts() + log)
                        .isEqualTo(rows());
            }
            int before = calls;
            finish();
            assertThat(calls).as(() -> "calls when all is settled" + log).isEqualTo(before);
        }

        private void note(String what) {
            log.append('\n').append(what);
        }

        private void edit() throws SQLException {
            int id = 1 + random.nextInt(3);
            String value = random.nextInt(8) == 0 ? "null" : "'" + "xyz".charAt(random.nextInt(3)) + "'";
            String sql =
                    switch (random.nextInt(8)) {
                        case 0 -> "delete from app.t where id = " + id;
                        case 1, 2 ->
                            "insert into app.t values (" + id + ", " + value + ", 'x') on conflict (id) do nothing";
                        default ->
                            "update app.t set " + (random.nextBoolean() ? "a" : "b") + " = " + value + " where id = "
                                    + id;
                    };
            note(sql);
            application.execute(sql);
        }

        private void finish() throws SQLException {
            for (int round = 0; round < 4 * crms.size(); round++) {
                for (Crm crm : crms) {
                    crm.sendAll();
                    crm.read();
                    crm.apply();
                }
            }
        }

        private List<String> rows() throws SQLException {
            return database.texts(
                    "select id || ' ' || coalesce(a, 'null') || ' ' || coalesce(b, 'null') from app.t order by id::text");
        }

        /** A CRM, its users, and its open calls and pages. */
        private final class Crm {

            private final Sync sync = new Sync();
            private final Map<String, CrmRecord> records = new TreeMap<>();
            private final Map<String, DeletedRecord> deleted = new HashMap<>();
            private final List<Claim> open = new ArrayList<>();
            private Read read;
            private int ids;

            Crm(String account) {
                sync.setName("of-" + account);
                sync.setTable(TABLE);
                sync.setKey("id");
                sync.setAccount(account);
                sync.setObject("Contact");
                sync.setExternalId("Key__c");
                sync.setFields(Map.of("a", "A", "b", "B"));
                sync.setConflicts(List.of("latest", "crm", "database").get(random.nextInt(3)));
            }

            private void note(String what) {
                Run.this.note(sync.getAccount() + ": " + what);
            }

            void edit() {
                String key = Integer.toString(1 + random.nextInt(3));
                CrmRecord old = records.get(key);
                if (old != null && random.nextInt(6) == 0) {
                    note("a user deletes " + key);
                    remove(key);
                    return;
                }
                if (old == null && random.nextInt(3) > 0) {
                    return;
                }
                Map<String, Object> fields = new HashMap<>();
                fields.put(random.nextBoolean() ? "A" : "B", "xyz".charAt(random.nextInt(3)) + "");
                note("a user sets " + key + " " + fields);
                write(key, fields);
            }

            private void remove(String key) {
                CrmRecord old = records.remove(key);
                if (old != null) {
                    deleted.put(old.crmId(), new DeletedRecord(old.crmId(), Instant.now()));
                }
            }

            private String write(String key, Map<String, Object> fields) {
                CrmRecord old = records.get(key);
                Map<String, Object> all = new HashMap<>();
                all.put("A", null);
                all.put("B", null);
                all.putAll(old == null ? Map.of() : old.fields());
                all.putAll(fields);
                String id = old == null ? "id" + ++ids : old.crmId();
                records.put(key, new CrmRecord(id, key, Instant.now(), all));
                return id;
            }

            void claim() throws SQLException {
                outbox.claim(sync.getAccount(), 1 + random.nextInt(3), Priority.LOW)
                        .ifPresent(claim -> {
                            note("claimed " + claim.changes());
                            open.add(claim);
                        });
            }

            /** Executes a call in the CRM and settles its answer. */
            void settleOne() throws SQLException {
                if (open.isEmpty()) {
                    return;
                }
                Claim claim = open.remove(random.nextInt(open.size()));
                List<Outcome> outcomes = new ArrayList<>();
                calls++;
                boolean answered = random.nextInt(6) > 0;
                boolean arrived = answered || random.nextBoolean();
                for (RecordChange recordChange : claim.changes()) {
                    String id = null;
                    if (arrived && recordChange.operation() == Operation.UPSERT) {
                        id = write(recordChange.key(), recordChange.fields());
                    } else if (arrived) {
                        remove(recordChange.key());
                    }
                    outcomes.add(
                            answered
                                    ? Outcome.done(recordChange.key(), id)
                                    : Outcome.retry(recordChange.key(), "LOST", "no answer"));
                }
                note((answered ? "settled " : arrived ? "lost after it arrived " : "lost ") + claim.changes());
                settlement.settle(claim, outcomes);
            }

            void read() throws SQLException {
                read = new Read(applier.now(), List.copyOf(records.values()), List.copyOf(deleted.values()));
                note("read");
            }

            void apply() throws SQLException {
                if (read != null) {
                    note("applied " + applier.delete(sync, read.deleted(), read.at())
                            + applier.apply(sync, read.records(), read.at()));
                }
            }

            void sendAll() throws SQLException {
                Optional<Claim> claim;
                do {
                    while (!open.isEmpty()) {
                        settleOne();
                    }
                    while (capture.drain(TABLE) > 0) {
                        note("drained");
                    }
                    claim = outbox.claim(sync.getAccount(), 200, Priority.LOW);
                    claim.ifPresent(open::add);
                } while (claim.isPresent());
            }

            List<String> rows() {
                return records.values().stream()
                        .map(it -> it.key() + " " + it.fields().get("A") + " "
                                + it.fields().get("B"))
                        .toList();
            }
        }
    }
}

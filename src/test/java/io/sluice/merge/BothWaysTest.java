package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Change;
import io.sluice.Gone;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Backoff;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Rest;
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
 * Whatever the application and the CRM's users do, whenever calls end and pages are applied that were read before: in
 * the end both sides are equal, and then nothing is sent any more.
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
        try (Connection connection = database.application(); Statement application = connection.createStatement()) {
            new Run(new Random(seed), application).play();
        }
    }

    /** A page that was read and waits to be applied. */
    private record Read(Instant at, List<Received> records, List<Gone> gone) {
    }

    private static final class Run {

        private final Random random;
        private final Statement application;
        private final Capture capture;
        private final Outbox outbox = new Outbox(database.sluice(), Duration.ofMinutes(1),
                new Backoff(Duration.ZERO, Duration.ZERO), Rest.NONE);
        private final Applier applier;
        private final Sync sync = new Sync();
        private final Map<String, Received> crm = new TreeMap<>();
        private final Map<String, Gone> gone = new HashMap<>();
        private final List<Claim> open = new ArrayList<>();
        private final StringBuilder story = new StringBuilder();
        private Read read;
        private int ids;
        private int calls;

        Run(Random random, Statement application) {
            this.random = random;
            this.application = application;
            this.capture = new Capture(database.sluice(), 1 + random.nextInt(5), Rest.NONE);
            this.applier = new Applier(database.sluice(), capture);
            sync.setName("s");
            sync.setTable(TABLE);
            sync.setKey("id");
            sync.setAccount("crm");
            sync.setObject("Contact");
            sync.setExternalId("Key__c");
            sync.setFields(Map.of("a", "A", "b", "B"));
            sync.setConflicts(List.of("latest", "crm", "database").get(random.nextInt(3)));
        }

        void play() throws SQLException {
            database.reset();
            database.run("create table app.t (id int primary key, a text, b text)",
                    "insert into app.t values (1, 'x', 'y'), (2, 'x', null)");
            capture.start(List.of(sync));
            finish();
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(12)) {
                    case 0, 1 -> edit();
                    case 2, 3 -> editInCrm();
                    case 4 -> capture.drain(TABLE);
                    case 5, 6 -> claim();
                    case 7, 8 -> settleOne();
                    case 9, 10 -> read();
                    default -> apply();
                }
            }
            finish();
            assertThat(crmRows()).as(() -> sync.getConflicts() + story).isEqualTo(rows());
            int before = calls;
            finish();
            assertThat(calls).as(() -> "calls of a settled pair" + story).isEqualTo(before);
        }

        private void tell(String what) {
            story.append('\n').append(what);
        }

        private void edit() throws SQLException {
            int id = 1 + random.nextInt(3);
            String value = random.nextInt(8) == 0 ? "null" : "'" + "xyz".charAt(random.nextInt(3)) + "'";
            String sql = switch (random.nextInt(8)) {
                case 0 -> "delete from app.t where id = " + id;
                case 1, 2 -> "insert into app.t values (" + id + ", " + value + ", 'x') on conflict (id) do nothing";
                default -> "update app.t set " + (random.nextBoolean() ? "a" : "b") + " = " + value + " where id = " + id;
            };
            tell(sql);
            application.execute(sql);
        }

        private void editInCrm() {
            String key = Integer.toString(1 + random.nextInt(3));
            Received old = crm.get(key);
            if (old != null && random.nextInt(6) == 0) {
                tell("CRM deletes " + key);
                remove(key);
                return;
            }
            if (old == null && random.nextInt(3) > 0) {
                return;
            }
            Map<String, Object> fields = new HashMap<>();
            fields.put(random.nextBoolean() ? "A" : "B", "xyz".charAt(random.nextInt(3)) + "");
            tell("CRM sets " + key + " " + fields);
            write(key, fields);
        }

        private void remove(String key) {
            Received old = crm.remove(key);
            if (old != null) {
                gone.put(old.crmId(), new Gone(old.crmId(), Instant.now()));
            }
        }

        private String write(String key, Map<String, Object> fields) {
            Received old = crm.get(key);
            Map<String, Object> all = new HashMap<>();
            all.put("A", null);
            all.put("B", null);
            all.putAll(old == null ? Map.of() : old.fields());
            all.putAll(fields);
            String id = old == null ? "id" + ++ids : old.crmId();
            crm.put(key, new Received(id, key, Instant.now(), all));
            return id;
        }

        private void claim() throws SQLException {
            outbox.claim("crm", 1 + random.nextInt(3), Priority.LOW).ifPresent(claim -> {
                tell("claimed " + claim.changes());
                open.add(claim);
            });
        }

        /** The CRM does it and answers. */
        private void settleOne() throws SQLException {
            if (open.isEmpty()) {
                return;
            }
            Claim claim = open.remove(random.nextInt(open.size()));
            List<Outcome> outcomes = new ArrayList<>();
            calls++;
            boolean answered = random.nextInt(6) > 0;
            boolean arrived = answered || random.nextBoolean();
            for (Change change : claim.changes()) {
                String id = null;
                if (arrived && change.operation() == Operation.UPSERT) {
                    id = write(change.key(), change.fields());
                } else if (arrived) {
                    remove(change.key());
                }
                outcomes.add(answered ? Outcome.done(change.key(), id) : Outcome.retry(change.key(), "LOST", "no answer"));
            }
            tell((answered ? "settled " : arrived ? "lost after it arrived " : "lost ") + claim.changes());
            outbox.settle(claim, outcomes);
        }

        private void read() throws SQLException {
            read = new Read(applier.now(), List.copyOf(crm.values()), List.copyOf(gone.values()));
            tell("read");
        }

        private void apply() throws SQLException {
            if (read != null) {
                tell("applied " + applier.delete(sync, read.gone(), read.at()) + applier.apply(sync, read.records(), read.at()));
            }
        }

        private void finish() throws SQLException {
            for (int round = 0; round < 4; round++) {
                Optional<Claim> claim;
                do {
                    while (!open.isEmpty()) {
                        settleOne();
                    }
                    while (capture.drain(TABLE) > 0) {
                        tell("drained");
                    }
                    claim = outbox.claim("crm", 200, Priority.LOW);
                    claim.ifPresent(open::add);
                } while (claim.isPresent());
                read();
                apply();
            }
        }

        private List<String> crmRows() {
            return crm.values().stream().map(it -> it.key() + " " + it.fields().get("A") + " " + it.fields().get("B")).toList();
        }

        private List<String> rows() throws SQLException {
            return database.texts("select id || ' ' || coalesce(a, 'null') || ' ' || coalesce(b, 'null') from app.t order by id::text");
        }
    }
}

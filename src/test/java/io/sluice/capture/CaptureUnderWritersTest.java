// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Applier;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * DDL and maintenance while an application writes, a CRM's users edit, and the pipeline drains, sends, merges and watches:
 * neither a write nor the DDL fails, and both sides are equal in the end.
 */
class CaptureUnderWritersTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final List<String> ALTERATIONS = List.of(
            "alter table app.t add column extra int default 1",
            "vacuum full app.t",
            "alter table app.t rename column city to town",
            "alter table app.t rename column town to city",
            "reindex table app.t",
            "create index concurrently on app.t (notes)",
            "alter table app.t alter column city type varchar(80)",
            "alter table app.t disable trigger all",
            "alter table app.t enable trigger all",
            "cluster app.t using t_pkey",
            "alter table app.t drop column city",
            "alter table app.t add column city text",
            "analyze app.t",
            "alter table app.t enable row level security",
            "drop trigger if exists sluice_update on app.t",
            "alter table app.t set unlogged",
            "alter table app.t set logged",
            "create table app.t2 (like app.t including all); insert into app.t2 select * from app.t;"
                    + " begin; lock table app.t in access exclusive mode; insert into app.t2 select * from app.t where id not in"
                    + " (select id from app.t2); delete from app.t2 where id not in (select id from app.t);"
                    + " alter table app.t rename to t3; alter table app.t2 rename to t; commit",
            "truncate app.t3",
            "alter table app.t alter column notes type varchar(99)");

    private final Capture capture =
            new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 90);
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private final Sync sync = CaptureTest.sync("app.t", "id", "name", "city");
    private final Map<String, Map<String, Object>> crm = new TreeMap<>();
    private final ConcurrentLinkedQueue<String> harm = new ConcurrentLinkedQueue<>();
    private final AtomicLong done = new AtomicLong();
    private volatile boolean over;

    @Test
    void neitherSideIsHarmedAndBothAreEqualInTheEnd() throws Exception {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (id int primary key, name text, city text, notes text)",
                "insert into app.t select n, 'n', 'c', '' from generate_series(1, 40) as n");
        capture.start(List.of(sync));
        pipeline();
        List<Thread> threads = List.of(
                new Thread(() -> write(1)), new Thread(() -> write(2)), new Thread(this::edit), new Thread(this::run));
        threads.forEach(Thread::start);
        try (Connection owner = DATABASE.application();
                Statement statement = owner.createStatement()) {
            for (String alteration : ALTERATIONS) {
                long before = done.get();
                try {
                    for (String each : alteration.split("; ")) {
                        statement.execute(each);
                    }
                } catch (SQLException failure) {
                    harm.add(alteration + ": " + failure.getMessage());
                }
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> done.get() > before + 10);
            }
        } finally {
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(harm).isEmpty();
        for (int i = 0; i < 4; i++) {
            pipeline();
            applier.apply(sync, all(), applier.now());
        }
        pipeline();
        assertThat(capture.problem(sync)).isNull();
        List<String> rows =
                DATABASE.texts("select concat_ws('|', id, coalesce(name, '-'), coalesce(city, '-')) from app.t"
                        + " order by id::text collate \"C\"");
        List<String> records = new ArrayList<>();
        synchronized (crm) {
            crm.forEach(
                    (key, fields) -> records.add(key + "|" + text(fields, "name__c") + "|" + text(fields, "city__c")));
        }
        assertThat(records).isEqualTo(rows);
    }

    private static String text(Map<String, Object> fields, String name) {
        return fields.get(name) == null ? "-" : fields.get(name).toString();
    }

    /** Statements that are right whatever is altered, were it not for Sluice. */
    private void write(int seed) {
        Random random = new Random(seed);
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            while (!over) {
                int id = 1 + random.nextInt(40);
                String sql =
                        switch (random.nextInt(6)) {
                            case 0 ->
                                "insert into app.t (id, name) values (" + (41 + random.nextInt(9))
                                        + ", 'i') on conflict (id)" + " do update set name = 'again'";
                            case 1 -> "delete from app.t where id = " + (41 + random.nextInt(9));
                            case 2 -> "update app.t set notes = 'n" + random.nextInt(99) + "' where id = " + id;
                            case 3 -> "update app.t set name = name || 'x' where id = " + id + " and length(name) < 20";
                            default -> "update app.t set name = 'a" + random.nextInt(99) + "' where id = " + id;
                        };
                try {
                    statement.execute(sql);
                } catch (SQLException failure) {
                    harm.add(sql + ": " + failure.getMessage());
                }
                done.incrementAndGet();
            }
        } catch (SQLException failure) {
            harm.add("writer: " + failure.getMessage());
        }
    }

    private void edit() {
        Random random = new Random(7);
        while (!over) {
            try {
                Instant readAt = applier.now();
                CrmRecord edited = null;
                synchronized (crm) {
                    String key = Integer.toString(1 + random.nextInt(40));
                    if (crm.containsKey(key)) {
                        crm.get(key).put(random.nextBoolean() ? "name__c" : "city__c", "crm " + random.nextInt(99));
                        edited = received(key);
                    }
                }
                if (edited != null) {
                    applier.apply(sync, List.of(edited), readAt);
                }
            } catch (SQLException later) {
                // the table is locked or the sync stopped: it is read again in the end
                Thread.onSpinWait();
            }
        }
    }

    private CrmRecord received(String key) {
        return new CrmRecord("id " + key, key, Instant.now(), new LinkedHashMap<>(crm.get(key)));
    }

    private List<CrmRecord> all() {
        synchronized (crm) {
            return crm.keySet().stream().map(this::received).toList();
        }
    }

    private void run() {
        while (!over) {
            try {
                pipeline();
            } catch (SQLException failure) {
                if (!Set.of("40P01", "55P03", "57014").contains(String.valueOf(failure.getSQLState()))) {
                    harm.add("pipeline: " + failure.getMessage());
                }
            }
        }
    }

    private void pipeline() throws SQLException {
        capture.watch();
        for (int turns = 0; turns < 20 && capture.drain("app.t") > 0; turns++) {
            Thread.onSpinWait();
        }
        send();
    }

    /** The CRM takes what waits, in the transaction that settles it. */
    private void send() throws SQLException {
        record Sent(String key, String operation, String fields) {}
        DATABASE.sluice().transaction(connection -> {
            List<Sent> all = Database.query(
                    connection,
                    "delete from sluice.outbox where (key, object, account) in (select key,"
                            + " object, account from sluice.outbox order by key for update skip locked) returning key, operation, fields",
                    row -> new Sent(row.getString(1), row.getString(2), row.getString(3)));
            for (Sent sent : all) {
                synchronized (crm) {
                    if ("delete".equals(sent.operation())) {
                        crm.remove(sent.key());
                    } else {
                        crm.computeIfAbsent(sent.key(), key -> new LinkedHashMap<>())
                                .putAll(Json.fields(sent.fields()));
                    }
                }
                Database.update(
                        connection,
                        "delete".equals(sent.operation())
                                ? "delete from sluice.sync_state where key = ? and ?::text is not null"
                                : "insert into sluice.sync_state as r (account, object, key, sync, crm_id, base) values ('crm', 'Contact', ?1,"
                                                .replace("?1", "?")
                                        + " 's', null, ?::jsonb) on conflict (key, object, account) do update set"
                                        + " base = r.base || excluded.base, settled_at = clock_timestamp()",
                        sent.key(),
                        sent.fields());
                Database.update(
                        connection, "update sluice.sync_state set crm_id = 'id ' || key where key = ?", sent.key());
            }
            return all.size();
        });
    }
}

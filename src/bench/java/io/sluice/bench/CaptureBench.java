// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What capture costs the application: three tables that are the same but for their triggers, written in turns, so
 * that whatever else the machine does meets all three. Medians of all rounds.
 */
public final class CaptureBench implements Bench {

    private static final int ROWS = 10_000;
    private static final int BULK_ROUNDS = 21;
    /** Short turns, since the disk of a shared machine is fast in one second and slow in the next. */
    private static final int SINGLE_ROUNDS = 400;

    private static final int SINGLE_UPDATES = 25;
    private static final int TIDY_EVERY = 40;

    private enum Variant {
        NONE,
        SLUICE,
        ROW
    }

    private static final String TABLE =
            """
            create table public.%1$s (
                customer_no text primary key, first_name text, last_name text not null, email text, phone text,
                city text, tier text not null, birthdate date, newsletter boolean not null, notes text,
                updated_at timestamptz not null default now());
            insert into public.%1$s
            select 'C-' || lpad(n::text, 5, '0'), 'First' || n, 'Last' || n, 'someone' || n || '@example.org',
                   '+49 30 ' || n, 'City ' || n %% 10, (array['gold', 'silver', 'bronze'])[1 + n %% 3],
                   date '1950-01-01' + n, n %% 3 = 0, repeat('note ', 10), now()
            from generate_series(1, %2$d) as n;
            vacuum analyze public.%1$s""";

    /** The usual way, a function per row, with the same log. */
    private static final String ROW_TRIGGER =
            """
            create table public.row_log (
                seq bigint generated always as identity primary key, source text not null, key text not null,
                op "char" not null, columns text[], changed_at timestamptz not null default statement_timestamp());
            create function public.log_row() returns trigger language plpgsql as $$
            begin
                if coalesce(current_setting('sluice.applying', true), '') <> 'on'
                   and (%1$s) then
                    insert into public.row_log (source, key, op, columns)
                    values ('public.row', new.customer_no, 'U', array_remove(array[%2$s], null));
                end if;
                return null;
            end $$;
            create trigger log_row after update on public.row for each row execute function public.log_row()""";

    private static final List<String> MAPPED =
            List.of("first_name", "last_name", "email", "phone", "city", "tier", "birthdate", "newsletter");

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work, 0);
                Database database = Database.of(server.url(), "sluice", null, 2);
                Connection application = DriverManager.getConnection(server.url())) {
            database.migrate();
            prepare(application);
            new Capture(database, ROWS, WriteDebounce.NONE).start(List.of(sync()));
            warmUp(application);
            double[] bulk = bulk(application);
            double[] single = single(application);
            return report(application, bulk, single);
        }
    }

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("public.sluice");
        sync.setKey("customer_no");
        sync.setAccount("salesforce");
        sync.setObject("Contact");
        sync.setExternalId("Customer_No__c");
        Map<String, String> fields = new LinkedHashMap<>();
        MAPPED.forEach(column -> fields.put(column, column + "__c"));
        sync.setFields(fields);
        return sync;
    }

    private static void prepare(Connection application) throws SQLException {
        // the embedded server's own default is off; an application's is on
        execute(application, "set synchronous_commit = on");
        for (Variant variant : Variant.values()) {
            for (String statement : TABLE.formatted(table(variant), ROWS).split(";\n")) {
                execute(application, statement);
            }
        }
        execute(
                application,
                ROW_TRIGGER.formatted(
                        String.join(
                                " or ",
                                MAPPED.stream()
                                        .map(it -> "old." + it + " is distinct from new." + it)
                                        .toList()),
                        String.join(
                                ", ",
                                MAPPED.stream()
                                        .map(it -> "case when old." + it + " is distinct from new." + it + " then '"
                                                + it + "' end")
                                        .toList())));
    }

    private static void warmUp(Connection application) throws SQLException {
        for (Variant variant : Variant.values()) {
            updateAll(application, variant, 0);
            for (int round = 0; round < TIDY_EVERY; round++) {
                updateOneByOne(application, variant, new Random(round));
            }
        }
    }

    /** Milliseconds of a transaction that changes one mapped column of every row. */
    private static double[] bulk(Connection application) throws SQLException {
        double[][] rounds = new double[BULK_ROUNDS][];
        for (int round = 0; round < BULK_ROUNDS; round++) {
            rounds[round] = new double[Variant.values().length];
            for (Variant variant : turns(round)) {
                rounds[round][variant.ordinal()] = updateAll(application, variant, round + 1) / 1e6;
                tidy(application);
            }
        }
        return medians(rounds);
    }

    /** Committed updates of one row per second, on one connection. */
    private static double[] single(Connection application) throws SQLException {
        double[][] rounds = new double[SINGLE_ROUNDS][];
        for (int round = 0; round < SINGLE_ROUNDS; round++) {
            rounds[round] = new double[Variant.values().length];
            for (Variant variant : turns(round)) {
                rounds[round][variant.ordinal()] = updateOneByOne(application, variant, new Random(round));
            }
            if (round % TIDY_EVERY == 0) {
                tidy(application);
            }
        }
        return medians(rounds);
    }

    private static List<Variant> turns(int round) {
        List<Variant> turns = new ArrayList<>(List.of(Variant.values()));
        java.util.Collections.rotate(turns, round);
        return turns;
    }

    private static long updateAll(Connection application, Variant variant, int round) throws SQLException {
        application.setAutoCommit(false);
        long start = System.nanoTime();
        execute(
                application,
                "update public." + table(variant) + " set city = 'City " + round + "', updated_at = now()");
        application.commit();
        long took = System.nanoTime() - start;
        application.setAutoCommit(true);
        return took;
    }

    private static double updateOneByOne(Connection application, Variant variant, Random random) throws SQLException {
        try (PreparedStatement update = application.prepareStatement(
                "update public." + table(variant) + " set phone = ?, updated_at = now() where customer_no = ?")) {
            long start = System.nanoTime();
            for (int i = 0; i < SINGLE_UPDATES; i++) {
                update.setString(1, "+49 " + random.nextInt());
                update.setString(2, "C-%05d".formatted(1 + random.nextInt(ROWS)));
                update.executeUpdate();
            }
            return SINGLE_UPDATES * 1e9 / (System.nanoTime() - start);
        }
    }

    private static void tidy(Connection application) throws SQLException {
        execute(application, "truncate sluice.change_log, public.row_log");
        for (Variant variant : Variant.values()) {
            execute(application, "vacuum public." + table(variant));
        }
    }

    private static double[] medians(double[][] rounds) {
        double[] medians = new double[Variant.values().length];
        for (Variant variant : Variant.values()) {
            double[] sorted = Arrays.stream(rounds)
                    .mapToDouble(round -> round[variant.ordinal()])
                    .sorted()
                    .toArray();
            medians[variant.ordinal()] = sorted[sorted.length / 2];
        }
        return medians;
    }

    private static Map<String, Object> report(Connection application, double[] bulk, double[] single)
            throws SQLException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(
                "server",
                "PostgreSQL "
                        + Database.query(application, "show server_version", row -> row.getString(1))
                                .get(0) + ", fsync "
                        + Database.query(application, "show fsync", row -> row.getString(1))
                                .get(0)
                        + ", synchronous_commit on, " + Runtime.getRuntime().availableProcessors() + " processors");
        result.put("goals", "10,000 rows at most 2.2 times; single rows at most 15 % slower");
        System.out.println(
                "What capture costs the application; 8 mapped columns, one of them changed. " + result.get("server"));
        System.out.printf("%-28s %16s %8s %18s %8s%n", "", ROWS + " rows, ms", "times", "single rows / s", "slower");
        for (Variant variant : Variant.values()) {
            int i = variant.ordinal();
            double times = bulk[i] / bulk[0];
            double slower = 100 * (1 - single[i] / single[0]);
            System.out.printf(
                    "%-28s %16.1f %8.2f %18.0f %6.1f %%%n", label(variant), bulk[i], times, single[i], slower);
            result.put(
                    variant.name().toLowerCase(java.util.Locale.ROOT),
                    Map.of(
                            "bulkMs",
                            bulk[i],
                            "bulkTimes",
                            times,
                            "singlePerSecond",
                            single[i],
                            "singleSlowerPercent",
                            slower));
        }
        return result;
    }

    private static String label(Variant variant) {
        return switch (variant) {
            case NONE -> "no trigger";
            case SLUICE -> "Sluice, statement level";
            case ROW -> "the same, row level";
        };
    }

    private static String table(Variant variant) {
        return variant.name().toLowerCase(java.util.Locale.ROOT);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

package io.sluice.quota;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The table {@code refusal}: the storms that replicas share, those that are over and recovered from included. */
final class ThrottleStore {

    /**
     * Whoever is granted waits for its flush afterwards, alone ({@link Ledger#flush}): were it inside, everybody's turn
     * would last as long as the disk. To plan the count takes five times as long as to run it, so one plan serves all, by
     * the indexes, however small the tables were when it was made.
     */
    private static final String TURN = """
            select set_config('synchronous_commit', 'off', true),
                   set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
                   pg_advisory_xact_lock(hashtext('sluice.quota'), hashtext(?))""";

    private static final String ALL = """
            select clock_timestamp() as now, r.* from (values (1)) as always(row)
            left join sluice.throttle r on r.account = any(string_to_array(?, ' '))""";

    private static final String KEEP = """
            insert into sluice.throttle (account, kind, step, rate, since, until, probe, recovered_at)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (account, kind) do update
            set step = excluded.step, rate = excluded.rate, since = excluded.since, until = excluded.until,
                probe = excluded.probe, recovered_at = excluded.recovered_at""";

    private static final String LEAVE_PROBE =
            "update sluice.throttle set probe = null, until = clock_timestamp() where probe = ?";

    private static final String TRY_NOW = """
            update sluice.throttle set probe = null, until = clock_timestamp()
            where account = any(string_to_array(?, ' ')) and recovered_at is null""";

    /** @param account that the storm concerns: a login, or a pool with all of them */
    record Kept(String account, ThrottleState storm) {
    }

    /** The storms of one pool at a moment. */
    record Known(Instant now, List<Kept> storms) {

        /** Those a call of this member's has to do with. */
        Known concerning(Pool pool, PoolMember poolMember, String operation) {
            return new Known(now, storms.stream().filter(kept -> kept.storm().concerns(operation)
                    && (kept.account().equals(pool.name()) || kept.account().equals(poolMember.name()))).toList());
        }

        Optional<Deferral> hold() {
            return storms.stream().map(Kept::storm).filter(storm -> !storm.isOver() && storm.until().isAfter(now))
                    .max(Comparator.comparing(ThrottleState::until)).map(storm -> new Deferral(storm.kind(), storm.until()));
        }

        /** Percent of the short limits that may be used. */
        int rate() {
            return storms.stream().mapToInt(kept -> kept.storm().rateAt(now)).min().orElse(100);
        }

        /** The one that a call which is granted now finds out to be over. */
        Optional<Kept> probed() {
            return storms.stream().filter(kept -> !kept.storm().isOver()).findFirst();
        }

        /** Of this account and kind, or null. */
        ThrottleState find(String account, String kind) {
            return storms.stream().filter(kept -> kept.account().equals(account) && kept.storm().kind().equals(kind))
                    .map(Kept::storm).findFirst().orElse(null);
        }
    }

    private ThrottleStore() {
    }

    /** As {@link #of}; until the end of the transaction nobody else counts or grants calls of this account or pool. */
    static Known inTurn(Connection connection, Pool pool) throws SQLException {
        Read read = new Read();
        return read.known(Database.queryAfter(connection, TURN, ALL, read, pool.name(), accounts(pool)));
    }

    static Known of(Connection connection, Pool pool) throws SQLException {
        Read read = new Read();
        return read.known(Database.query(connection, ALL, read, accounts(pool)));
    }

    private static String accounts(Pool pool) {
        return String.join(" ", Stream.concat(Stream.of(pool.name()),
                pool.members().stream().map(PoolMember::name)).distinct().toList());
    }

    /** Rows of {@link #ALL}: each has the time, and but for the first of none a storm. */
    private static final class Read implements Database.Row<Kept> {

        private Instant now;

        @Override
        public Kept of(ResultSet row) throws SQLException {
            now = Ledger.instant(row, "now");
            return row.getString("kind") == null ? null : new Kept(row.getString("account"), new ThrottleState(
                    row.getString("kind"), row.getInt("step"), row.getInt("rate"), Ledger.instant(row, "since"),
                    Ledger.instant(row, "until"), row.getObject("probe", Long.class),
                    Ledger.instant(row, "recovered_at")));
        }

        Known known(List<Kept> storms) {
            return new Known(now, storms.stream().filter(Objects::nonNull).toList());
        }
    }

    static void keep(Connection connection, String account, ThrottleState storm) throws SQLException {
        Database.update(connection, KEEP, account, storm.kind(), storm.step(), storm.rate(), time(storm.since()),
                time(storm.until()), storm.probe(), time(storm.recovered()));
    }

    /** A probe that was never made: another call may try at once. */
    static void leave(Connection connection, Permit permit) throws SQLException {
        Database.update(connection, LEAVE_PROBE, permit.id());
    }

    /** One call may try now, in each of the storms that go on. */
    static void tryNow(Connection connection, Pool pool) throws SQLException {
        Database.update(connection, TRY_NOW, accounts(pool));
    }

    private static OffsetDateTime time(Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }
}

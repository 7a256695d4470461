// SPDX-License-Identifier: Apache-2.0
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

/** Keeps throttlings in the table {@code throttle}, which replicas share, including those that are over and recovered from. */
final class ThrottleStore {

    /**
     * Takes the lock of an account. A granted request waits for its flush afterwards, alone ({@link Ledger#flush}): inside,
     * every request would hold the lock as long as the disk takes. To plan the count takes five times as long as to run it,
     * so one plan serves all, by the indexes, however small the tables were when it was made. The planner, which does not know
     * how few rows it reads, would compile it.
     */
    static final String TURN =
            """
            select set_config('synchronous_commit', 'off', true),
                   set_config('plan_cache_mode', 'force_generic_plan', true),
                   set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
                   pg_advisory_xact_lock(hashtext('sluice.quota'), hashtext(?))""";

    static final String ALL =
            """
            select clock_timestamp() as now, r.* from (values (1)) as always(row)
            left join sluice.throttle r on r.account = any(string_to_array(?, ' '))""";

    private static final String SAVE =
            """
            insert into sluice.throttle (account, kind, step, rate, since, until, probe, recovered_at)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (account, kind) do update
            set step = excluded.step, rate = excluded.rate, since = excluded.since, until = excluded.until,
                probe = excluded.probe, recovered_at = excluded.recovered_at""";

    private static final String RELEASE_PROBE =
            "update sluice.throttle set probe = null, until = clock_timestamp() where probe = ?";

    private static final String PROBE_NOW =
            """
            update sluice.throttle set probe = null, until = clock_timestamp()
            where account = any(string_to_array(?, ' ')) and recovered_at is null""";

    /** @param account the account that is throttled: a login, or a pool with all its logins */
    record AccountThrottle(String account, ThrottleState state) {}

    /** The throttlings of one pool at a moment. */
    record Throttles(Instant now, List<AccountThrottle> all) {

        /** Those that concern a call by this member. */
        Throttles concerning(Pool pool, PoolMember poolMember, String operation) {
            return new Throttles(
                    now,
                    all.stream()
                            .filter(throttle -> throttle.state().concerns(operation)
                                    && (throttle.account().equals(pool.name())
                                            || throttle.account().equals(poolMember.name())))
                            .toList());
        }

        Optional<Deferral> deferral() {
            return all.stream()
                    .map(AccountThrottle::state)
                    .filter(state -> !state.isOver() && state.until().isAfter(now))
                    .max(Comparator.comparing(ThrottleState::until))
                    .map(state -> new Deferral(state.kind(), state.until()));
        }

        /** The percent of the short limits that may be used. */
        int rate() {
            return all.stream()
                    .mapToInt(throttle -> throttle.state().rateAt(now))
                    .min()
                    .orElse(100);
        }

        /** The one that a call granted now probes. */
        Optional<AccountThrottle> probed() {
            return all.stream().filter(throttle -> !throttle.state().isOver()).findFirst();
        }

        /** The throttling of this account and kind, or null. */
        ThrottleState find(String account, String kind) {
            return all.stream()
                    .filter(throttle -> throttle.account().equals(account)
                            && throttle.state().kind().equals(kind))
                    .map(AccountThrottle::state)
                    .findFirst()
                    .orElse(null);
        }
    }

    private ThrottleStore() {}

    /** Reads as {@link #of}, and locks: until the transaction ends no other one counts or grants calls of this account or pool. */
    static Throttles lock(Connection connection, Pool pool) throws SQLException {
        Read read = new Read();
        return read.known(Database.queryAfter(connection, TURN, ALL, read, pool.name(), accounts(pool)));
    }

    static Throttles of(Connection connection, Pool pool) throws SQLException {
        Read read = new Read();
        return read.known(Database.query(connection, ALL, read, accounts(pool)));
    }

    /** The accounts whose throttlings concern a pool, as a parameter of these statements. */
    static String accounts(Pool pool) {
        return String.join(
                " ",
                Stream.concat(Stream.of(pool.name()), pool.members().stream().map(PoolMember::name))
                        .distinct()
                        .toList());
    }

    /** Reads rows of {@link #ALL}: each has the time; without a throttling the first row has nothing else. */
    static final class Read implements Database.Row<AccountThrottle> {

        private Instant now;

        @Override
        public AccountThrottle of(ResultSet row) throws SQLException {
            now = Ledger.instant(row, "now");
            return row.getString("kind") == null
                    ? null
                    : new AccountThrottle(
                            row.getString("account"),
                            new ThrottleState(
                                    row.getString("kind"),
                                    row.getInt("step"),
                                    row.getInt("rate"),
                                    Ledger.instant(row, "since"),
                                    Ledger.instant(row, "until"),
                                    row.getObject("probe", Long.class),
                                    Ledger.instant(row, "recovered_at")));
        }

        Throttles known(List<AccountThrottle> all) {
            return new Throttles(now, all.stream().filter(Objects::nonNull).toList());
        }
    }

    static void save(Connection connection, String account, ThrottleState state) throws SQLException {
        Database.update(
                connection,
                SAVE,
                account,
                state.kind(),
                state.step(),
                state.rate(),
                time(state.since()),
                time(state.until()),
                state.probe(),
                time(state.recovered()));
    }

    /** Ends a probe that was not made: another call may probe at once. */
    static void releaseProbe(Connection connection, Permit permit) throws SQLException {
        Database.update(connection, RELEASE_PROBE, permit.id());
    }

    /** Lets one call probe now, in each current throttling. */
    static void probeNow(Connection connection, Pool pool) throws SQLException {
        Database.update(connection, PROBE_NOW, accounts(pool));
    }

    private static OffsetDateTime time(Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }
}

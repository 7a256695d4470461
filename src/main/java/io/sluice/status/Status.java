// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sluice.QuotedWords;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Accounts;
import io.sluice.http.Caller;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.LimitUsage;
import io.sluice.quota.PoolMember;
import io.sluice.quota.Quota;
import io.sluice.receive.Inbox;
import io.sluice.snapshot.Snapshot;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConstants;

/** Builds the JSON of {@code /api/status}: waiting changes, changes in flight, failures and the quota that is left. */
public final class Status {

    private static final String SYNC =
            """
            select count(*) filter (where operation is not null) as waiting,
                   count(*) filter (where waits_for is not null) as waiting_for_parents,
                   count(*) filter (where lease is not null) as in_flight,
                   coalesce(extract(epoch from clock_timestamp() - min(since) filter (where operation is not null)) * 1000,
                            0)::bigint as oldest_waiting_ms,
                   (array_agg(last_error order by due desc) filter (where last_error is not null))[1] as last_error
            from sluice.outbox where sync = ?""";

    private static final String JOBS =
            """
            select sync, operation, state, crm_job, records, attempts, began_at,
                   (select count(*) from sluice.outbox o where o.lease = j.lease) as left
            from sluice.bulk_job j where account = ? and ended_at is null order by began_at""";

    private static final String DONE =
            "select count(*) from sluice.sync_state where sync = ? and (base <> '{}' or unproven = '{}')";

    private static final String LOOPS =
            "select count(*) from sluice.sync_state where sync = ? and held_until > clock_timestamp()";

    private static final String REJECTED = "select count(*) from sluice.inbound_rejection where sync = ?";

    /** Everybody reads the status, so it has no message of a CRM, which may quote a value. */
    private static final String DEAD =
            """
            select count(*) as dead,
                   (array_agg(concat_ws(': ', key, code) order by died_at desc))[1] as last_error
            from sluice.dead_letter where sync = ?""";

    private final Database database;
    private final Quota quota;
    private final Accounts accounts;
    private final Capture capture;
    private final PauseStore pauseStore;
    private final List<Sync> syncs;
    private final Inbox inbox;
    private final SnapshotStore snapshotStore;
    private final Outbox outbox;

    public Status(
            Database database,
            Quota quota,
            Accounts accounts,
            Capture capture,
            PauseStore pauseStore,
            List<Sync> syncs,
            Inbox inbox,
            SnapshotStore snapshotStore,
            Outbox outbox) {
        this.database = database;
        this.quota = quota;
        this.accounts = accounts;
        this.capture = capture;
        this.pauseStore = pauseStore;
        this.syncs = List.copyOf(syncs);
        this.inbox = inbox;
        this.snapshotStore = snapshotStore;
        this.outbox = outbox;
    }

    private record Document(
            Map<String, SyncStatus> syncs, Map<String, AccountStatus> accounts, Map<String, Long> unknownSyncs) {}

    /** @param initial progress of the initial snapshot, or null if the sync has none */
    private record SyncStatus(
            String table,
            String account,
            String object,
            Map<String, Object> paused,
            String problem,
            @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Object> initial,
            long captured,
            Map<String, Object> capture,
            long waiting,
            long waitingForParents,
            long inFlight,
            long oldestWaitingMs,
            String lastError,
            long done,
            long dead,
            long inboundRejections,
            long updateLoops) {}

    private record OutboxStatus(
            long waiting, long waitingForParents, long inFlight, long oldestWaitingMs, String lastError) {

        static OutboxStatus of(ResultSet row) throws SQLException {
            return new OutboxStatus(
                    row.getLong("waiting"),
                    row.getLong("waiting_for_parents"),
                    row.getLong("in_flight"),
                    row.getLong("oldest_waiting_ms"),
                    row.getString("last_error"));
        }
    }

    private record DeadLetterStatus(long dead, String lastError) {}

    /**
     * @param inbox   webhook events, or null if the CRM sends none
     * @param members logins of a pool, or null for an account of its own
     */
    private record AccountStatus(
            String crm,
            Map<String, Object> paused,
            String problem,
            long callsToday,
            @JsonInclude(JsonInclude.Include.NON_NULL) InboxStatus inbox,
            List<LimitStatus> limits,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<MemberStatus> members,
            List<BulkJobStatus> bulkJobs,
            List<ThrottleStatus> refusals) {}

    private record InboxStatus(long waiting, long oldestWaitingMs, long rejected) {}

    private record MemberStatus(String name, String use, List<LimitStatus> limits) {}

    private record BulkJobStatus(
            String sync,
            String operation,
            String step,
            String id,
            long records,
            long left,
            long trials,
            Instant beganAt) {

        static BulkJobStatus of(ResultSet row) throws SQLException {
            return new BulkJobStatus(
                    row.getString("sync"),
                    row.getString("operation"),
                    row.getString("state"),
                    row.getString("crm_job"),
                    row.getLong("records"),
                    row.getLong("left"),
                    row.getLong("attempts"),
                    Database.instant(row, "began_at"));
        }
    }

    /**
     * Returns the document; ages are in milliseconds. Without the role {@code values} it has no words of a CRM or of the database.
     */
    public String json(Exchange request) throws SQLException {
        Caller caller = Caller.of(request.getMessage().getHeader(VertxPlatformHttpConstants.AUTHENTICATED_USER));
        String json = json();
        return caller.may(Caller.Role.VALUES) ? QuotedWords.shown(json) : QuotedWords.hidden(json);
    }

    private String json() throws SQLException {
        List<Pause> paused = pauseStore.all();
        Map<String, SyncStatus> ofSyncs = new LinkedHashMap<>();
        for (Sync sync : syncs) {
            ofSyncs.put(sync.getName(), sync(sync, Pause.json(Kind.SYNC, sync.getName(), paused)));
        }
        Map<String, AccountStatus> ofAccounts = new LinkedHashMap<>();
        for (String account : accounts.names()) {
            ofAccounts.put(account, account(account, Pause.json(Kind.ACCOUNT, account, paused)));
        }
        return Json.text(new Document(ofSyncs, ofAccounts, outbox.unserved()));
    }

    private SyncStatus sync(Sync sync, Map<String, Object> paused) throws SQLException {
        OutboxStatus waiting =
                database.first(SYNC, OutboxStatus::of, sync.getName()).orElseThrow();
        DeadLetterStatus dead = database.first(
                        DEAD,
                        row -> new DeadLetterStatus(row.getLong("dead"), row.getString("last_error")),
                        sync.getName())
                .orElseThrow();
        return new SyncStatus(
                sync.getTable(),
                sync.getAccount(),
                sync.getObject(),
                paused,
                sync.problem(),
                snapshotStore.find(sync).map(Snapshot::report).orElse(null),
                capture.backlog(sync.getTable()),
                capture.state(sync),
                waiting.waiting(),
                waiting.waitingForParents(),
                waiting.inFlight(),
                waiting.oldestWaitingMs(),
                waiting.lastError() == null ? dead.lastError() : QuotedWords.mark(waiting.lastError()),
                count(DONE, sync),
                dead.dead(),
                count(REJECTED, sync),
                count(LOOPS, sync));
    }

    private long count(String sql, Sync sync) throws SQLException {
        return database.first(sql, row -> row.getLong(1), sync.getName()).orElse(0L);
    }

    private AccountStatus account(String account, Map<String, Object> paused) throws SQLException {
        List<LimitUsage> usages = quota.usage(account);
        return new AccountStatus(
                accounts.get(account).crm().name(),
                paused,
                QuotedWords.mark(accounts.problem(account)),
                quota.callsToday(account),
                accounts.get(account).crm().sendsWebhooks() ? inbox(account) : null,
                limits(account, usages),
                members(account, usages),
                database.query(JOBS, BulkJobStatus::of, account),
                quota.throttles(account).stream().map(ThrottleStatus::of).toList());
    }

    private InboxStatus inbox(String account) throws SQLException {
        Inbox.Backlog backlog = inbox.backlog(account);
        return new InboxStatus(backlog.waiting(), backlog.oldestMs(), inbox.rejected(account));
    }

    private List<MemberStatus> members(String account, List<LimitUsage> usages) {
        List<PoolMember> members = accounts.get(account).pool().members();
        return members.get(0).name().equals(account)
                ? null
                : members.stream()
                        .map(member -> new MemberStatus(
                                member.name(), member.readsOnly() ? "read" : "all", limits(member.name(), usages)))
                        .toList();
    }

    private static List<LimitStatus> limits(String owner, List<LimitUsage> usages) {
        return usages.stream()
                .filter(usage -> usage.owner().equals(owner))
                .map(LimitStatus::of)
                .toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Accounts;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.LimitUsage;
import io.sluice.quota.PoolMember;
import io.sluice.quota.Quota;
import io.sluice.receive.Inbox;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

    private static final String DEAD =
            """
            select count(*) as dead,
                   (array_agg(concat_ws(': ', key, code, message) order by died_at desc))[1] as last_error
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

    /** Returns the document; ages are in milliseconds. */
    public String json() throws SQLException {
        List<Pause> paused = pauseStore.all();
        Map<String, Object> ofSyncs = new LinkedHashMap<>();
        for (Sync sync : syncs) {
            ofSyncs.put(sync.getName(), sync(sync, paused(Kind.SYNC, sync.getName(), paused)));
        }
        Map<String, Object> ofAccounts = new LinkedHashMap<>();
        for (String account : accounts.names()) {
            ofAccounts.put(account, account(account, paused(Kind.ACCOUNT, account, paused)));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("syncs", ofSyncs);
        document.put("accounts", ofAccounts);
        document.put("unknownSyncs", outbox.unserved());
        return Json.text(document);
    }

    private static Map<String, Object> paused(Kind kind, String name, List<Pause> all) {
        return all.stream()
                .filter(it -> it.kind() == kind && it.name().equals(name))
                .findFirst()
                .map(Pause::json)
                .orElse(null);
    }

    private Map<String, Object> sync(Sync sync, Map<String, Object> paused) throws SQLException {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("table", sync.getTable());
        status.put("account", sync.getAccount());
        status.put("object", sync.getObject());
        status.put("paused", paused);
        status.put("problem", sync.problem());
        snapshotStore.find(sync).ifPresent(snapshot -> status.put("initial", snapshot.report()));
        status.put("captured", capture.backlog(sync.getTable()));
        status.put("capture", capture.state(sync));
        Map<String, Object> waiting = database.first(
                        SYNC,
                        row -> {
                            Map<String, Object> numbers = new LinkedHashMap<>();
                            numbers.put("waiting", row.getLong("waiting"));
                            numbers.put("waitingForParents", row.getLong("waiting_for_parents"));
                            numbers.put("inFlight", row.getLong("in_flight"));
                            numbers.put("oldestWaitingMs", row.getLong("oldest_waiting_ms"));
                            numbers.put("lastError", row.getString("last_error"));
                            return numbers;
                        },
                        sync.getName())
                .orElseThrow();
        status.putAll(waiting);
        status.put(
                "done",
                database.first(DONE, row -> row.getLong(1), sync.getName()).orElse(0L));
        Map<String, Object> dead = database.first(
                        DEAD,
                        row -> {
                            Map<String, Object> numbers = new LinkedHashMap<>();
                            numbers.put("dead", row.getLong("dead"));
                            numbers.put("lastError", row.getString("last_error"));
                            return numbers;
                        },
                        sync.getName())
                .orElseThrow();
        status.put("dead", dead.get("dead"));
        status.put(
                "inboundRejections",
                database.first(REJECTED, row -> row.getLong(1), sync.getName()).orElse(0L));
        status.put(
                "updateLoops",
                database.first(LOOPS, row -> row.getLong(1), sync.getName()).orElse(0L));
        status.putIfAbsent("lastError", dead.get("lastError"));
        return status;
    }

    private Map<String, Object> account(String account, Map<String, Object> paused) throws SQLException {
        List<LimitUsage> usages = quota.usage(account);
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("crm", accounts.get(account).crm().name());
        status.put("paused", paused);
        status.put("problem", accounts.problem(account));
        status.put("callsToday", quota.callsToday(account));
        if (accounts.get(account).crm().sendsWebhooks()) {
            Inbox.Backlog backlog = inbox.backlog(account);
            status.put(
                    "inbox",
                    Map.of(
                            "waiting",
                            backlog.waiting(),
                            "oldestWaitingMs",
                            backlog.oldestMs(),
                            "rejected",
                            inbox.rejected(account)));
        }
        status.put("limits", limits(account, usages));
        List<PoolMember> members = accounts.get(account).pool().members();
        if (!members.get(0).name().equals(account)) {
            status.put(
                    "members",
                    members.stream()
                            .map(member -> Map.of(
                                    "name",
                                    member.name(),
                                    "use",
                                    member.readsOnly() ? "read" : "all",
                                    "limits",
                                    limits(member.name(), usages)))
                            .toList());
        }
        status.put("bulkJobs", database.query(JOBS, Status::job, account));
        status.put(
                "refusals",
                quota.throttles(account).stream()
                        .map(throttle -> Map.of(
                                "kind",
                                throttle.kind(),
                                "times",
                                throttle.step(),
                                "since",
                                throttle.since().toString(),
                                "triedAgainAt",
                                throttle.until().toString()))
                        .toList());
        return status;
    }

    private static Map<String, Object> job(ResultSet row) throws SQLException {
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("sync", row.getString("sync"));
        job.put("operation", row.getString("operation"));
        job.put("step", row.getString("state"));
        job.put("id", row.getString("crm_job"));
        job.put("records", row.getLong("records"));
        job.put("left", row.getLong("left"));
        job.put("trials", row.getLong("attempts"));
        job.put(
                "beganAt",
                row.getObject("began_at", OffsetDateTime.class).toInstant().toString());
        return job;
    }

    private static List<Map<String, Object>> limits(String owner, List<LimitUsage> usages) {
        return usages.stream()
                .filter(usage -> usage.owner().equals(owner))
                .map(usage -> {
                    Map<String, Object> limit = new LinkedHashMap<>();
                    limit.put("name", usage.name());
                    limit.put("max", usage.max());
                    limit.put("windowMs", usage.window().toMillis());
                    limit.put("used", usage.used());
                    limit.put("left", usage.left());
                    limit.put("reportedByCrm", usage.reported());
                    limit.put("percent", usage.percent());
                    limit.put(
                            "spentAt",
                            usage.spentAt() == null ? null : usage.spentAt().toString());
                    Map<String, Object> stopped = new LinkedHashMap<>();
                    usage.stopped().forEach((priority, until) -> stopped.put(priority.toString(), until.toString()));
                    limit.put("stoppedUntil", stopped);
                    return limit;
                })
                .toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.sluice.Priority;
import io.sluice.QuotedWords;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.LimitUsage;
import io.sluice.quota.Quota;
import io.sluice.receive.DeltaPoller;
import io.sluice.snapshot.Snapshot;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Builds what the page shows of all accounts and syncs, as JSON texts of one part each, so that only the parts that have changed
 * need to be sent to it. What quotes a CRM or the database in them is marked as {@link QuotedWords}. The number of queries does not depend on the number of syncs.
 */
public final class Overview {

    private static final String JOBS =
            """
            select account, sync, operation, state, records, began_at,
                   (select count(*) from sluice.outbox o where o.lease = j.lease) as left
            from sluice.bulk_job j where ended_at is null order by began_at""";

    private static final String EVENTS_REJECTED =
            "select account, sum(times) as times from sluice.event_rejection group by account";

    private static final String CONFLICTS =
            """
            select sync, count(*) as fields from sluice.conflict
            where decided_at > now() - interval '1 day' group by sync""";

    private static final String LOOPS =
            "select sync, count(*) as records from sluice.sync_state where held_until > clock_timestamp() group by sync";

    private final Database database;
    private final StateReader stateReader;
    private final RecordMetrics recordMetrics;
    private final Quota quota;
    private final Accounts accounts;
    private final Capture capture;
    private final PauseStore pauseStore;
    private final List<Sync> syncs;

    public Overview(
            Database database,
            StateReader stateReader,
            RecordMetrics recordMetrics,
            Quota quota,
            Accounts accounts,
            Capture capture,
            PauseStore pauseStore,
            List<Sync> syncs) {
        this.database = database;
        this.stateReader = stateReader;
        this.recordMetrics = recordMetrics;
        this.quota = quota;
        this.accounts = accounts;
        this.capture = capture;
        this.pauseStore = pauseStore;
        this.syncs = List.copyOf(syncs);
    }

    private record AccountPart(
            String crm,
            Map<String, Object> paused,
            String problem,
            String circuitBreaker,
            long callsToday,
            List<LimitPart> limits,
            List<ThrottleStatus> throttled,
            @JsonInclude(JsonInclude.Include.NON_NULL) EventsPart events,
            List<JobPart> bulkJobs) {}

    /** @param owner the account, or a login of its pool, that has the limit */
    private record LimitPart(String owner, @JsonUnwrapped LimitStatus limit) {

        static LimitPart of(LimitUsage usage) {
            return new LimitPart(usage.owner(), LimitStatus.of(usage));
        }
    }

    /** @param rejected events that could not be parsed, since the installation */
    private record EventsPart(long waiting, long oldestMs, long rejected) {}

    private record JobPart(String sync, String operation, String step, long records, long done, Instant beganAt) {

        static JobPart of(ResultSet row) throws SQLException {
            return new JobPart(
                    row.getString("sync"),
                    row.getString("operation"),
                    row.getString("state"),
                    row.getLong("records"),
                    Math.max(0, row.getLong("records") - row.getLong("left")),
                    Database.instant(row, "began_at"));
        }
    }

    private record SyncPart(
            String table,
            String account,
            String object,
            String direction,
            Map<String, Object> paused,
            String problem,
            String captureProblem,
            String circuitBreaker,
            OutboundPart outbound,
            InboundPart inbound,
            long conflictsToday,
            long deadLetters,
            long inboundRejections,
            long updateLoops) {}

    /** @param captured changes of the table that are not in the outbox yet */
    private record OutboundPart(
            Map<Priority, Long> waiting,
            long inFlight,
            long captured,
            long oldestMs,
            RecordMetrics.Flow flow,
            ProgressPart export) {}

    private record InboundPart(RecordMetrics.Flow flow, Long pollIntervalMs, Instant polledAt, SnapshotPart snapshot) {}

    private record ProgressPart(long expected, long done) {}

    /** @param expected records to read; null while unknown */
    private record SnapshotPart(Long expected, long done, Instant beganAt, Instant endedAt, String problem) {

        static SnapshotPart of(Snapshot snapshot) {
            long total = snapshot.progress().total();
            return new SnapshotPart(
                    total < 0 ? null : total,
                    snapshot.progress().read(),
                    snapshot.began(),
                    snapshot.ended(),
                    QuotedWords.mark(snapshot.lastError()));
        }
    }

    /** What is read once for all parts. */
    private record Scene(
            StateReading state,
            List<Pause> pauses,
            Map<String, List<JobPart>> jobs,
            Map<String, Long> eventsRejected,
            Map<String, Long> conflicts,
            Map<String, Long> loops) {}

    /** Returns the JSON text of each part, by {@code account:NAME} or {@code sync:NAME}; ages are in milliseconds. */
    public Map<String, String> parts() throws SQLException {
        Map<String, List<JobPart>> jobs = new HashMap<>();
        database.query(JOBS, row -> jobs.computeIfAbsent(row.getString("account"), name -> new ArrayList<>())
                .add(JobPart.of(row)));
        Scene scene = new Scene(
                stateReader.read(),
                pauseStore.all(),
                jobs,
                counts(EVENTS_REJECTED, "account", "times"),
                counts(CONFLICTS, "sync", "fields"),
                counts(LOOPS, "sync", "records"));
        Map<String, String> parts = new LinkedHashMap<>();
        for (String account : accounts.names()) {
            parts.put("account:" + account, Json.text(account(account, scene)));
        }
        for (Sync sync : syncs) {
            parts.put("sync:" + sync.getName(), Json.text(sync(sync, scene)));
        }
        return parts;
    }

    private Map<String, Long> counts(String sql, String owner, String number) throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        database.query(sql, row -> counts.put(row.getString(owner), row.getLong(number)));
        return counts;
    }

    private AccountPart account(String name, Scene scene) throws SQLException {
        Account account = accounts.get(name);
        StateReading.Entry inbox = scene.state().entry("inbox", name, "");
        return new AccountPart(
                account.crm().name(),
                Pause.json(Kind.ACCOUNT, name, scene.pauses()),
                QuotedWords.mark(accounts.problem(name)),
                accounts.circuitBreaker(name).getState().name().toLowerCase(Locale.ROOT),
                quota.callsToday(name),
                quota.usage(name).stream().map(LimitPart::of).toList(),
                quota.throttles(name).stream().map(ThrottleStatus::of).toList(),
                account.crm().sendsWebhooks()
                        ? new EventsPart(
                                (long) inbox.number(),
                                milliseconds(inbox.age()),
                                scene.eventsRejected().getOrDefault(name, 0L))
                        : null,
                scene.jobs().getOrDefault(name, List.of()));
    }

    private SyncPart sync(Sync sync, Scene scene) {
        String name = sync.getName();
        StateReading state = scene.state();
        return new SyncPart(
                sync.getTable(),
                sync.getAccount(),
                sync.getObject(),
                sync.getDirection().toString(),
                Pause.json(Kind.SYNC, name, scene.pauses()),
                sync.problem(),
                QuotedWords.mark(capture.problem(sync)),
                state.breaker(name),
                outbound(sync, state),
                sync.getDirection() == Sync.Direction.BOTH ? inbound(sync, state) : null,
                scene.conflicts().getOrDefault(name, 0L),
                (long) state.number("dead_letter", name, ""),
                (long) state.number("inbound_rejection", name, ""),
                scene.loops().getOrDefault(name, 0L));
    }

    private OutboundPart outbound(Sync sync, StateReading state) {
        String name = sync.getName();
        Map<Priority, Long> waiting = new LinkedHashMap<>();
        long inFlight = 0;
        double oldest = 0;
        for (Priority priority : Priority.values()) {
            StateReading.Entry waits = state.entry("outbox", name, priority.rank() + " waiting");
            StateReading.Entry sent = state.entry("outbox", name, priority.rank() + " in_flight");
            waiting.put(priority, (long) waits.number());
            inFlight += (long) sent.number();
            oldest = Math.max(oldest, Math.max(waits.age(), sent.age()));
        }
        long expected = (long) state.number("export_expected", name, "");
        return new OutboundPart(
                waiting,
                inFlight,
                sync.getTable() == null ? 0 : (long) state.number("capture", sync.getTable(), ""),
                milliseconds(oldest),
                recordMetrics.sent(sync),
                new ProgressPart(expected, Math.max(0, expected - (long) state.number("export_left", name, ""))));
    }

    private InboundPart inbound(Sync sync, StateReading state) {
        DeltaPoller.Polls polls = state.polls().get(sync.getName());
        Snapshot snapshot = state.snapshots().get(sync.getName());
        return new InboundPart(
                recordMetrics.received(sync),
                polls == null ? null : polls.interval().toMillis(),
                polls == null || polls.polledAt().equals(Instant.EPOCH) ? null : polls.polledAt(),
                snapshot == null ? null : SnapshotPart.of(snapshot));
    }

    private static long milliseconds(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9)).toMillis();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Crm;
import io.sluice.plan.Planner;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.PoolMember;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Answers what a recorded time would have been like under other limits, batch sizes, poll intervals or priorities, or with
 * another sync: replays the calls of the ledger in virtual time. Nothing is written, and no call is made.
 */
public final class WhatIf {

    /** The operations that poll for changes: each CRM has one of them. */
    private static final Set<String> POLLS = Set.of("query", "search");

    /** The operation of an added sync. */
    private static final String UPSERT = "upsert";
    /** The time to the answer of an added sync's calls where no such call is recorded. */
    private static final int DEFAULT_ANSWER_MILLIS = 200;

    private static final List<Integer> MARKS = List.of(70, 85, 95, 100);

    private final RecordedTraffic recordedTraffic;
    private final Limits limits;
    private final Collection<Account> accounts;
    private final List<Sync> syncs;
    private final Planner planner;
    private final Duration ageing;

    /** @param ageing waiting time after which a write rises by one step of priority */
    public WhatIf(
            Database database,
            Limits limits,
            Collection<Account> accounts,
            List<Sync> syncs,
            Planner planner,
            Duration ageing) {
        this.planner = planner;
        this.ageing = ageing;
        this.recordedTraffic = new RecordedTraffic(database);
        this.limits = limits;
        this.accounts = List.copyOf(accounts);
        this.syncs = syncs.stream()
                .filter(sync -> sync.getAccount() != null && sync.getObject() != null)
                .toList();
    }

    /** A sync in addition, with as many changes at any time of the day. */
    public record NewSync(long changesPerDay, Priority priority) {}

    /**
     * The recorded time, and what is assumed.
     *
     * @param account      name of an account
     * @param from         start of the recorded time
     * @param to           end of the recorded time
     * @param limits       limits instead of those of the same names in the settings
     * @param batchSize    maximum number of records of a call, or null
     * @param pollInterval interval of the polls of each object, or null
     * @param priorities   name of a sync to the priority of its writes
     * @param newSync      sync in addition, or null
     */
    public record Request(
            String account,
            Instant from,
            Instant to,
            List<Limit> limits,
            Integer batchSize,
            Duration pollInterval,
            Map<String, Priority> priorities,
            NewSync newSync) {}

    /** The names of an account's limits. */
    public List<String> limits(String account) {
        return limits(pool(account)).stream().map(Limit::name).distinct().toList();
    }

    /** The names of an account's syncs. */
    public List<String> syncs(String account) {
        return syncs.stream()
                .filter(sync -> sync.getAccount().equals(account))
                .map(Sync::getName)
                .toList();
    }

    /**
     * The result as JSON. One request at a time, because each needs the memory of all its calls.
     *
     * @throws IllegalArgumentException where the request is about too many calls
     */
    public synchronized Map<String, Object> json(Request request) throws SQLException {
        Pool pool = pool(request.account());
        List<TrafficCall> recorded = recordedTraffic.read(
                pool.members().stream().map(PoolMember::name).toList(), request.from(), request.to());
        Assumptions assumptions = assumptions(request, pool, recorded);
        List<TrafficCall> traffic = AssumedTraffic.of(recorded, assumptions, request.from(), request.to());
        Duration longest = assumptions.limits().stream()
                .map(Limit::window)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
        Instant end = request.to().plus(longest);
        return json(request, recorded.size(), assumptions, Replay.of(traffic, assumptions, end), end);
    }

    private Pool pool(String account) {
        return limits.all().stream()
                .filter(pool -> pool.name().equals(account))
                .findFirst()
                .orElseThrow();
    }

    /** The limits of all members together: those of one name add up. */
    private static List<Limit> limits(Pool pool) {
        List<Limit> all = new ArrayList<>(pool.shared());
        Map<String, Limit> ofMembers = new LinkedHashMap<>();
        pool.members().stream()
                .flatMap(member -> member.limits().stream())
                .forEach(limit -> ofMembers.merge(limit.name(), limit, WhatIf::sum));
        all.addAll(ofMembers.values());
        return all;
    }

    private static Limit sum(Limit one, Limit other) {
        return new Limit(
                one.name(),
                one.kind(),
                one.max() + other.max(),
                one.window(),
                one.share(),
                one.reserve() + other.reserve(),
                one.operations(),
                one.asReported());
    }

    private Assumptions assumptions(Request request, Pool pool, List<TrafficCall> recorded) {
        List<Limit> assumed = new ArrayList<>(limits(pool));
        assumed.removeIf(limit ->
                request.limits().stream().anyMatch(other -> other.name().equals(limit.name())));
        assumed.addAll(request.limits());
        assumed.sort(Comparator.comparing(Limit::window).thenComparing(Limit::name));
        Map<String, Priority> ofObjects = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Sync sync : syncs) {
            Priority priority = request.priorities().get(sync.getName());
            if (priority != null && sync.getAccount().equals(request.account())) {
                ofObjects.put(sync.getObject(), priority);
            }
        }
        return new Assumptions(
                assumed,
                pool.costs(),
                request.batchSize(),
                callSize(crm(request.account()), request.batchSize()),
                ageing,
                limits(pool),
                request.pollInterval(),
                POLLS,
                ofObjects,
                request.newSync() == null
                        ? null
                        : new Assumptions.AddedSync(
                                UPSERT,
                                request.newSync().changesPerDay(),
                                request.newSync().priority(),
                                answerMillis(recorded)));
    }

    private Crm crm(String account) {
        return accounts.stream()
                .filter(it -> it.name().equals(account))
                .findFirst()
                .orElseThrow()
                .crm();
    }

    /** The size of a call of waiting records. @param batchSize assumed maximum number of records, or null */
    private Assumptions.CallSize callSize(Crm crm, Integer batchSize) {
        int collection = crm.collectionSize(Operation.UPSERT);
        return batchSize == null
                ? new Assumptions.CallSize(collection, planner.collections(crm))
                : new Assumptions.CallSize(
                        Math.min(batchSize, collection),
                        Math.max(1, Math.min(batchSize / collection, crm.collectionsACall())));
    }

    private static int answerMillis(List<TrafficCall> recorded) {
        return (int) Math.round(recorded.stream()
                .filter(call -> call.operation().equals(UPSERT))
                .mapToInt(TrafficCall::answerMillis)
                .average()
                .orElse(DEFAULT_ANSWER_MILLIS));
    }

    private static Map<String, Object> json(
            Request request, int recorded, Assumptions assumptions, Replay.Result result, Instant end) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("account", request.account());
        json.put("from", request.from());
        json.put("to", request.to());
        json.put("end", end);
        Map<String, Object> calls = new LinkedHashMap<>();
        calls.put("recorded", recorded);
        calls.put("wanted", result.wanted());
        calls.put("made", result.granted());
        calls.put("waiting", result.waiting());
        calls.put("omittedPolls", result.omittedPolls());
        json.put("calls", calls);
        json.put("lastCallAt", result.ended());
        json.put("latency", latency(result));
        json.put(
                "limits",
                assumptions.limits().stream().map(limit -> limit(limit, result)).toList());
        json.put("stops", result.stops().stream().map(WhatIf::stop).toList());
        json.put("moreStops", result.moreStops());
        return json;
    }

    private static List<Map<String, Object>> latency(Replay.Result result) {
        List<Map<String, Object>> entries = new ArrayList<>();
        for (Priority priority : Priority.values()) {
            long[] sorted = result.latency().get(priority);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("priority", priority.toString());
            entry.put("calls", sorted == null ? 0 : sorted.length);
            entry.put("p50Millis", result.percentile(priority, 50));
            entry.put("p99Millis", result.percentile(priority, 99));
            entries.add(entry);
        }
        return entries;
    }

    private static Map<String, Object> limit(Limit limit, Replay.Result result) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("limit", limit.name());
        entry.put("setting", limit.text());
        entry.put("max", limit.max());
        entry.put("windowSeconds", limit.window().toMillis() / 1000.0);
        entry.put("peakPercent", result.peaks().get(limit));
        Map<Integer, Instant> reached = result.reached().get(limit);
        MARKS.forEach(mark -> entry.put("reached" + mark, reached.get(mark)));
        return entry;
    }

    private static Map<String, Object> stop(Replay.Stop stop) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("limit", stop.limit());
        entry.put("priority", stop.priority().toString());
        entry.put("from", stop.from());
        entry.put("until", stop.until());
        return entry;
    }
}

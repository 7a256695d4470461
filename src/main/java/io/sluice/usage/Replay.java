// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static java.util.Comparator.comparing;

import io.sluice.Priority;
import io.sluice.plan.Planner;
import io.sluice.quota.Deferral;
import io.sluice.quota.Limit;
import io.sluice.quota.VirtualQuota;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;

/**
 * Replays calls against limits in virtual time, by the rule that grants permits: the most urgent first, and calls of one
 * priority in their order. Waiting calls behave like the work behind them:
 *
 * <ul>
 *   <li>A call carries waiting writes of its object whatever their priority, and where the CRM takes several collections a
 *       call, writes of other objects too; a critical or high call those that are no less urgent.
 *   <li>Writes that wait rise by one step of priority for each ageing interval, up to high.
 *   <li>A poll that gets no permit within 250 ms is not made, and the intervals between polls grow with the used part of a long
 *       limit.
 *   <li>Other calls share a call if operation, object and priority are the same.
 * </ul>
 *
 * <p>A pure function: the same calls give the same result. Example: of 100 low calls, one a minute, 100 per 24 h allow 70; if
 * nothing ages, the other 30 wait from minute 70 to the next day.
 */
final class Replay {

    /** The operation of a write of one object. */
    private static final String UPSERT = "upsert";
    /** The operations of writes that share calls. */
    private static final Set<String> WRITES = Set.of(UPSERT, "composite");
    /** The minimum part of an object's calls, in percent, that have its usual priority. */
    private static final int USUAL_PERCENT = 90;
    /** The operation of a poll that lists deleted records. */
    private static final String DELETED = "deleted";
    /** The operations of work that waits in the outbox, where it ages. */
    private static final Set<String> OUTBOX = Set.of(UPSERT, "composite", "create", "update", "delete");
    /** The maximum wait of a poll for its permit, as in {@code DeltaPoller}. */
    private static final Duration MAX_POLL_WAIT = Duration.ofMillis(250);
    /** The interval at which the priority of waiting work is raised, as in the route {@code ageing}. */
    private static final Duration AGEING_INTERVAL = Duration.ofSeconds(5);

    private static final int[] MARKS = {70, 85, 95, 100};

    /**
     * A time of at least 10 s in which a limit stopped a priority.
     *
     * @param priority priority before ageing
     * @param until    time of the next granted call; null where it was stopped until the end
     */
    record Stop(String limit, Priority priority, Instant from, Instant until) {

        Stop until(Instant ended) {
            return new Stop(limit, priority, from, ended);
        }

        Duration length(Instant end) {
            return Duration.between(from, until == null ? end : until);
        }
    }

    /**
     * The result.
     *
     * @param wanted       number of calls that were wanted
     * @param granted      number of calls that were made; fewer where waiting calls shared one
     * @param waiting      number of wanted calls that still waited at the end
     * @param omittedPolls number of polls that were not made
     * @param latency      by priority, the milliseconds from when a call is wanted to its answer, sorted
     * @param reached      by limit and mark in percent, when it was first reached
     * @param peaks        by limit, the maximum used part in percent
     * @param stops        the longest stops, in the order of their beginnings
     * @param moreStops    number of other stops
     * @param ended        time of the last granted call, or null
     */
    record Result(
            long wanted,
            long granted,
            long waiting,
            long omittedPolls,
            Map<Priority, long[]> latency,
            Map<Limit, Map<Integer, Instant>> reached,
            Map<Limit, Integer> peaks,
            List<Stop> stops,
            long moreStops,
            Instant ended) {

        /** The percentile of a priority's latency in milliseconds, by the nearest rank; null where it had no call. */
        Long percentile(Priority priority, int percent) {
            long[] sorted = latency.get(priority);
            return sorted == null ? null : sorted[(int) (((long) sorted.length * percent + 99) / 100) - 1];
        }
    }

    /** Collects numbers without an object for each of them. */
    private static final class LongList {

        private long[] values = new long[16];
        private int size;

        void add(long value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = value;
        }

        long[] sorted() {
            long[] sorted = Arrays.copyOf(values, size);
            Arrays.sort(sorted);
            return sorted;
        }
    }

    private final VirtualQuota quota;
    private final PollPace pollPace;
    private final Assumptions assumptions;
    private final Instant end;
    private final List<Limit> limits;
    private final int[] peaks;
    /** By limit and mark, when it was first reached. */
    private final Instant[][] reached;

    /** The groups, the most urgent first. */
    private final List<WaitingCalls> groups = new ArrayList<>();

    private final Map<String, WaitingCalls> groupOf = new HashMap<>();
    /** By object, the priority of nearly all of its writes. */
    private final Map<String, Priority> usual = new HashMap<>();

    private final Map<Priority, LongList> latency = new EnumMap<>(Priority.class);
    private final StopLog stopLog;
    /** Polls that are made later than they were recorded, the earliest first. */
    private final Queue<TrafficCall> postponed = new PriorityQueue<>(comparing(TrafficCall::at));

    /** Time of the last recorded call: polls that would be made later are not, since others follow then. */
    private Instant recordedUntil;

    private long granted;
    private long omittedPolls;
    private Instant ended;

    private Replay(Assumptions assumptions, Instant end) {
        this.quota = new VirtualQuota(assumptions.limits(), assumptions.costs());
        this.pollPace = new PollPace(quota, assumptions);
        this.assumptions = assumptions;
        this.end = end;
        this.limits = assumptions.limits();
        this.peaks = new int[limits.size()];
        this.reached = new Instant[limits.size()][MARKS.length];
        this.stopLog = new StopLog(limits, end);
    }

    /**
     * Replays calls.
     *
     * @param traffic calls, the oldest first
     * @param end     time at which the replay ends, although calls may wait
     */
    static Result of(List<TrafficCall> traffic, Assumptions assumptions, Instant end) {
        return new Replay(assumptions, end).run(traffic);
    }

    private Result run(List<TrafficCall> traffic) {
        findUsualPriorities(traffic);
        recordedUntil =
                traffic.isEmpty() ? end : traffic.get(traffic.size() - 1).at();
        int next = 0;
        Instant now = traffic.isEmpty() ? end : traffic.get(0).at();
        while (now != null && !now.isAfter(end)) {
            while (!postponed.isEmpty() && !postponed.peek().at().isAfter(now)) {
                makePoll(postponed.remove());
            }
            while (next < traffic.size() && !traffic.get(next).at().isAfter(now)) {
                enqueue(traffic.get(next++));
            }
            Instant event = earlier(raiseWaiting(now), grantWhatFits(now));
            event = earlier(event, postponed.isEmpty() ? null : postponed.peek().at());
            now = earlier(event, next < traffic.size() ? traffic.get(next).at() : null);
        }
        omittedPolls += postponed.size() + pollPace.waiting();
        return result(traffic.size(), traffic.size() - next);
    }

    private static Instant earlier(Instant one, Instant other) {
        return one == null || other != null && other.isBefore(one) ? other : one;
    }

    /** @param late number of calls that were wanted after the end */
    private Result result(long wanted, long late) {
        Map<Priority, long[]> sorted = new EnumMap<>(Priority.class);
        latency.forEach((priority, values) -> sorted.put(priority, values.sorted()));
        Map<Limit, Map<Integer, Instant>> reachedOf = new LinkedHashMap<>();
        Map<Limit, Integer> peakOf = new LinkedHashMap<>();
        for (int i = 0; i < peaks.length; i++) {
            peakOf.put(limits.get(i), peaks[i]);
            Map<Integer, Instant> marks = new TreeMap<>();
            for (int mark = 0; mark < MARKS.length; mark++) {
                if (reached[i][mark] != null) {
                    marks.put(MARKS[mark], reached[i][mark]);
                }
            }
            reachedOf.put(limits.get(i), marks);
        }
        long waiting = groups.stream().mapToLong(WaitingCalls::size).sum();
        StopLog.Stops stops = stopLog.stops();
        return new Result(
                wanted,
                granted,
                waiting + late,
                omittedPolls,
                sorted,
                reachedOf,
                peakOf,
                stops.longest(),
                stops.others(),
                ended);
    }

    private void enqueue(TrafficCall call) {
        pollPace.recorded(call);
        if (isPoll(call)) {
            pollPace.schedule(call).ifPresent(poll -> makeOrPostpone(poll, call.at()));
        } else if (!isWrite(call)) {
            group(call.priority(), call.priority(), call.operation(), false).add(call);
        } else if (isOfSeveralObjects(call)) {
            addParts(call);
        } else {
            addWrite(call);
        }
    }

    private void makeOrPostpone(TrafficCall poll, Instant now) {
        if (poll.at().isAfter(recordedUntil)) {
            omittedPolls++;
        } else if (poll.at().isAfter(now)) {
            postponed.add(poll);
        } else {
            makePoll(poll);
        }
    }

    private void makePoll(TrafficCall poll) {
        group(poll.priority(), poll.priority(), poll.operation(), true).add(poll);
        pollPace.made(poll).ifPresent(next -> makeOrPostpone(next, poll.at()));
    }

    /**
     * Adds a write of one object. Work is claimed after the permit, so a permit of normal priority may carry critical work that
     * arrived meanwhile: a call that is less urgent than nearly all others of its object is as urgent as these.
     */
    private void addWrite(TrafficCall call) {
        Priority urgency = usual.getOrDefault(call.object(), call.priority());
        TrafficCall own = urgency.compareTo(call.priority()) < 0 ? call.withPriority(urgency) : call;
        group(own.priority(), own.priority(), UPSERT, false).add(own);
    }

    private static boolean isOfSeveralObjects(TrafficCall call) {
        return call.object().indexOf(',') >= 0;
    }

    private void findUsualPriorities(List<TrafficCall> traffic) {
        Map<String, int[]> counts = new HashMap<>();
        for (TrafficCall call : traffic) {
            if (isWrite(call) && !isOfSeveralObjects(call)) {
                counts.computeIfAbsent(call.object(), object -> new int[Priority.values().length])[
                        call.priority().ordinal()]++;
            }
        }
        counts.forEach((object, byPriority) -> {
            int all = Arrays.stream(byPriority).sum();
            for (Priority priority : Priority.values()) {
                if (100L * byPriority[priority.ordinal()] >= (long) USUAL_PERCENT * all) {
                    usual.put(object, priority);
                }
            }
        });
    }

    private boolean isWrite(TrafficCall call) {
        return assumptions.callSize() != null && call.records() > 0 && WRITES.contains(call.operation());
    }

    private boolean isPoll(TrafficCall call) {
        return call.records() == 0
                && (assumptions.polls().contains(call.operation())
                        || call.operation().equals(DELETED));
    }

    /** Adds a write of several objects by its objects, with their usual priorities. Their records count as equal. */
    private void addParts(TrafficCall call) {
        String[] objects = call.object().split(",");
        int left = call.records();
        for (int i = 0; i < objects.length; i++) {
            int records = Math.max(1, left / (objects.length - i));
            left -= records;
            Priority priority = usual.getOrDefault(objects[i], call.priority());
            group(priority, priority, UPSERT, false)
                    .add(new TrafficCall(call.at(), UPSERT, objects[i], priority, records, call.answerMillis()));
        }
    }

    private WaitingCalls group(Priority own, Priority priority, String operation, boolean polls) {
        return groupOf.computeIfAbsent(own.rank() + " " + priority.rank() + " " + operation, name -> {
            WaitingCalls fresh = new WaitingCalls(own, priority, operation, polls);
            groups.add(fresh);
            groups.sort(comparing(group -> group.priority()));
            return fresh;
        });
    }

    /** Raises the writes that have waited long by one step. @return time at which the next one rises, or null */
    private Instant raiseWaiting(Instant now) {
        if (assumptions.ageing() == null) {
            return null;
        }
        for (WaitingCalls group : List.copyOf(groups)) {
            while (ages(group) && !risesAt(group).isAfter(now)) {
                group(group.own(), Priority.ofRank(group.priority().rank() - 1), group.operation(), false)
                        .add(group.removeOldest());
            }
        }
        Instant next = null;
        for (WaitingCalls group : groups) {
            next = ages(group) ? earlier(risesAt(group), next) : next;
        }
        return next;
    }

    private static boolean ages(WaitingCalls group) {
        return !group.isEmpty() && group.priority().compareTo(Priority.HIGH) > 0 && OUTBOX.contains(group.operation());
    }

    /** The time at which a group's oldest call rises: half an interval late on average, in whole seconds to save steps. */
    private Instant risesAt(WaitingCalls group) {
        long steps = group.own().rank() - group.priority().rank() + 1L;
        return group.peek()
                .at()
                .plus(assumptions.ageing().multipliedBy(steps))
                .plus(AGEING_INTERVAL.dividedBy(2))
                .truncatedTo(ChronoUnit.SECONDS);
    }

    /** Grants all calls that may be made now. @return the next time at which a waiting call may be granted, or null */
    private Instant grantWhatFits(Instant now) {
        Instant retry = null;
        boolean more = true;
        while (more) {
            more = false;
            retry = null;
            WaitingCalls oldest = null;
            for (WaitingCalls group : groups) {
                if (group.isEmpty() || oldest != null && group.priority() != oldest.priority()) {
                    continue;
                }
                Instant deferred = deferredUntil(group, now);
                if (deferred != null) {
                    retry = earlier(deferred, retry);
                } else if (!group.isEmpty()
                        && (oldest == null
                                || group.peek().at().isBefore(oldest.peek().at()))) {
                    oldest = group;
                }
            }
            if (oldest != null) {
                grant(oldest, now);
                more = true;
            }
        }
        return retry;
    }

    /**
     * Until when a group's next call is deferred; null where it may be made now, or where no call is left. The marks count for the
     * priority before it rose.
     */
    private Instant deferredUntil(WaitingCalls group, Instant now) {
        if (!group.deferral().until().isAfter(now)) {
            Deferral deferral = quota.check(now, group.operation(), group.own()).orElse(null);
            if (deferral == null) {
                return null;
            }
            group.defer(deferral.until().isAfter(now) ? deferral : new Deferral(deferral.limit(), now.plusMillis(1)));
        }
        if (!group.arePolls()) {
            stopLog.begin(group.deferral().limit(), group.own(), now);
        }
        while (group.arePolls()
                && !group.isEmpty()
                && group.deferral().until().isAfter(group.peek().at().plus(MAX_POLL_WAIT))) {
            group.removeOldest();
            omittedPolls++;
        }
        return group.isEmpty() ? null : group.deferral().until();
    }

    private void grant(WaitingCalls group, Instant now) {
        int answerMillis = group.peek().answerMillis();
        List<TrafficCall> calls = new ArrayList<>(1);
        if (assumptions.callSize() == null) {
            calls.add(group.removeOldest());
        } else if (group.operation().equals(UPSERT) && group.peek().records() > 0) {
            removeWrites(group, calls);
        } else {
            calls = group.removeShared(assumptions.callSize().collection());
        }
        for (TrafficCall call : calls) {
            answerMillis = Math.max(answerMillis, call.answerMillis());
        }
        Instant answered = now.plusMillis(answerMillis);
        quota.grant(now, group.operation(), answered);
        granted++;
        ended = now;
        stopLog.granted(group.own(), group.operation(), now);
        for (TrafficCall call : calls) {
            latency.computeIfAbsent(call.priority(), priority -> new LongList())
                    .add(Duration.between(call.at(), answered).toMillis());
        }
        if (calls.size() > 1) {
            for (Priority priority : Priority.values()) {
                endStopsIfNothingWaits(priority, now);
            }
        }
        for (int i = 0; i < peaks.length; i++) {
            int percent = quota.percent(i, now);
            peaks[i] = Math.max(peaks[i], percent);
            for (int mark = 0; mark < MARKS.length; mark++) {
                if (reached[i][mark] == null && percent >= MARKS[mark]) {
                    reached[i][mark] = now;
                }
            }
        }
    }

    /** Fills a call with waiting writes, as {@code OutboxDispatcher} does. */
    private void removeWrites(WaitingCalls group, List<TrafficCall> removed) {
        Assumptions.CallSize size = assumptions.callSize();
        int collections = size.collections();
        Set<String> objects = new HashSet<>();
        String object = group.peek().object();
        while (object != null && collections > 0) {
            objects.add(object);
            int max = Math.min(size.records(group.priority()), collections * size.collection());
            int records = 0;
            for (WaitingCalls other : groups) {
                if (other.operation().equals(UPSERT) && records < max) {
                    records += other.removeWrites(object, max - records, removed);
                }
            }
            collections -= (records + size.collection() - 1) / size.collection();
            object = nextObject(group, objects);
        }
    }

    /** The object of the most urgent and oldest write that may share a call; null where there is none. */
    private String nextObject(WaitingCalls group, Set<String> except) {
        TrafficCall next = null;
        Priority urgency = null;
        for (WaitingCalls other : groups) {
            if (!other.operation().equals(UPSERT)
                    || other.isEmpty()
                    || urgency != null && other.priority() != urgency
                    || !Planner.mayWait(group.priority()) && other.priority().compareTo(group.priority()) > 0) {
                continue;
            }
            TrafficCall oldest =
                    other.heads(except).min(comparing(TrafficCall::at)).orElse(null);
            if (oldest != null && (next == null || oldest.at().isBefore(next.at()))) {
                next = oldest;
                urgency = other.priority();
            }
        }
        return next == null ? null : next.object();
    }

    /** Ends the stops of a priority whose waiting calls were all made with more urgent ones. */
    private void endStopsIfNothingWaits(Priority priority, Instant now) {
        if (stopLog.isStopped(priority)
                && groups.stream().allMatch(group -> group.own() != priority || group.isEmpty())) {
            stopLog.end(priority, now);
        }
    }
}

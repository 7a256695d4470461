// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static io.sluice.alert.Wording.count;
import static io.sluice.alert.Wording.duration;
import static io.sluice.alert.Wording.message;
import static io.sluice.alert.Wording.names;
import static io.sluice.alert.Wording.priorities;
import static io.sluice.alert.Wording.quoted;
import static io.sluice.alert.Wording.time;

import io.sluice.Priority;
import io.sluice.alert.ObservedState.Entry;
import io.sluice.alert.ObservedState.SyncRef;
import io.sluice.alert.ObservedState.Waiting;
import io.sluice.outbox.Pause;
import io.sluice.quota.LimitUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Computes the active alerts from an observed state and the alerts that were active before. A pure function.
 *
 * <p>An alert does not flap: the mark of a limit ends a few percentage points below its value, a time that was too long must fall
 * below four fifths of its threshold, and every other condition must be absent for {@code endDelay}. A condition that often
 * ends by itself, such as a throttled account, must last for {@code beginDelay} first.
 *
 * <p>Example: a limit of 15,000 calls with 12,900 used (86 %) has two alerts, {@code limit-mark:crm/daily:70} and
 * {@code limit-mark:crm/daily:85}. With 12,400 used (83 %) both stay; with 12,000 used (80 %) the second one ends.
 */
final class AlertRules {

    private static final int CALM_PART = 4;
    private static final int CALM_WHOLE = 5;
    private static final Duration POLL_LATE = Duration.ofMinutes(30);
    private static final Duration SNAPSHOT_LATE = Duration.ofHours(1);
    private static final Duration JOURNAL_LATE = Duration.ofMinutes(5);
    private static final int ALL_CALLS = 100;
    private static final String REPLAY = "Repair, replay or discard them: see /api/dead-letters?sync=";

    private final ObservedState state;
    private final AlertThresholds thresholds;
    private final Map<String, Alert> before;
    private final Map<String, Alert> active = new LinkedHashMap<>();

    private AlertRules(ObservedState state, Collection<Alert> before, AlertThresholds thresholds) {
        this.state = state;
        this.thresholds = thresholds;
        this.before = before.stream().collect(Collectors.toMap(Alert::id, Function.identity()));
    }

    /**
     * Returns the alerts that are active now, the most severe first.
     *
     * @param before the alerts that were active at the last evaluation
     */
    static List<Alert> active(ObservedState state, Collection<Alert> before, AlertThresholds thresholds) {
        AlertRules rules = new AlertRules(state, before, thresholds);
        state.limits().values().stream()
                .flatMap(List::stream)
                .filter(LimitUsage::isLong)
                .forEach(rules::limit);
        state.pauses().forEach(rules::pause);
        state.findings().forEach(rules::finding);
        state.waiting().forEach(rules::latency);
        state.entries().forEach(rules::entry);
        rules.keepUntilCalm();
        return rules.active.values().stream()
                .sorted(Comparator.comparing(Alert::severity)
                        .reversed()
                        .thenComparing(alert -> alert.mark() == null ? 0 : -alert.mark())
                        .thenComparing(Alert::since)
                        .thenComparing(Alert::id))
                .toList();
    }

    private void add(Alert alert) {
        Alert earlier = before.get(alert.id());
        active.putIfAbsent(alert.id(), earlier == null ? alert : alert.startedAt(earlier.since()));
    }

    /** Keeps alerts whose condition is absent, but not yet for long enough. Marks have their slack instead. */
    private void keepUntilCalm() {
        before.values().stream()
                .filter(alert -> alert.kind() != AlertKind.LIMIT_MARK)
                .filter(alert -> alert.seenAt().plus(thresholds.endDelay()).isAfter(state.now()))
                .forEach(alert -> active.putIfAbsent(alert.id(), alert));
    }

    private boolean wasActive(String id) {
        return before.containsKey(id);
    }

    /** Whether a time is too long; one that was too long before must fall below four fifths. */
    private boolean isTooLong(String id, Duration time, Duration threshold) {
        return time.compareTo(wasActive(id) ? threshold.multipliedBy(CALM_PART).dividedBy(CALM_WHOLE) : threshold) > 0;
    }

    private boolean lasts(Duration age) {
        return age.compareTo(thresholds.beginDelay()) >= 0;
    }

    private Instant ago(Duration age) {
        return state.now().minus(age);
    }

    // limits

    private void limit(LimitUsage usage) {
        int last = 0;
        for (LimitMark mark : LimitMark.values()) {
            last = wasActive(markId(usage, mark)) ? mark.percent() : last;
        }
        int now = LimitMark.next(last, usage.percent());
        for (LimitMark mark : LimitMark.values()) {
            if (mark.percent() <= now) {
                add(mark(usage, mark));
            }
        }
        forecast(usage);
    }

    private static String markId(LimitUsage usage, LimitMark mark) {
        return AlertKind.LIMIT_MARK + ":" + usage.owner() + "/" + usage.name() + ":" + mark.percent();
    }

    private Alert mark(LimitUsage usage, LimitMark mark) {
        List<Priority> delays = mark.delays();
        Optional<Instant> until = delays.stream()
                .map(usage.stopped()::get)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder());
        String used = "%s: %s of %s of the limit %s are used (%d %%)"
                .formatted(
                        usage.owner(),
                        "%,d".formatted(usage.used()),
                        count(usage.max(), "call"),
                        usage.name(),
                        usage.percent());
        String waits = until.isEmpty()
                ? "; no work waits at this moment"
                : "; " + (delays.size() == Priority.values().length ? "all" : priorities(delays))
                        + " changes wait until " + time(until.get(), state.now()) + waitingNow(usage.owner(), delays);
        return Alert.ofLimit(
                AlertKind.LIMIT_MARK,
                mark.severity(),
                usage.owner(),
                usage.name(),
                mark.percent(),
                delays,
                until.orElse(null),
                state.now(),
                used + waits + spent(usage, mark) + ".",
                help(usage, mark, until));
    }

    private String spent(LimitUsage usage, LimitMark mark) {
        return usage.spentAt() == null || mark == LimitMark.ALL_WAIT || usage.percent() >= ALL_CALLS
                ? ""
                : "; at this pace all are spent at " + time(usage.spentAt(), state.now());
    }

    private String waitingNow(String account, List<Priority> delays) {
        List<Waiting> delayed = state.waiting().stream()
                .filter(it -> delays.contains(it.priority()) && usesLimitsOf(it.sync(), account))
                .toList();
        long changes = delayed.stream().mapToLong(Waiting::count).sum();
        return changes == 0
                ? ""
                : ", now " + "%,d".formatted(changes) + " of "
                        + names(delayed.stream()
                                .map(Waiting::sync)
                                .distinct()
                                .sorted()
                                .toList());
    }

    /** Whether a sync's calls count against the limits of an account, or of a login of its pool. */
    private boolean usesLimitsOf(String sync, String owner) {
        String account = account(sync);
        return account != null
                && (account.equals(owner)
                        || state.limits().getOrDefault(account, List.of()).stream()
                                .anyMatch(usage -> usage.owner().equals(owner)));
    }

    private String help(LimitUsage usage, LimitMark mark, Optional<Instant> until) {
        String setting = "sluice.account." + usage.owner() + ".limit." + usage.name();
        String saves =
                "poll less often (sluice.poll.max-interval), let the CRM send webhooks, or pause a sync that can wait";
        return switch (mark) {
            case LOW_WAITS ->
                "Nothing must be done: low changes are sent as calls become free; to send them sooner, " + saves + ".";
            case NORMAL_WAITS -> "To save calls, " + saves + "; if Sluice may use more calls, raise " + setting + ".";
            case HIGH_WAITS ->
                "Check which other integrations use the account, " + saves + ", or buy calls and raise " + setting
                        + ".";
            case ALL_WAIT ->
                "Buy calls and raise " + setting + ", or wait: sending continues by itself"
                        + until.map(at -> " at " + time(at, state.now())).orElse("") + ".";
        };
    }

    private void forecast(LimitUsage usage) {
        if (usage.spentAt() == null || usage.percent() >= ALL_CALLS) {
            return;
        }
        String id = AlertKind.LIMIT_FORECAST + ":" + usage.owner() + "/" + usage.name();
        Duration left = Duration.between(state.now(), usage.spentAt());
        Duration horizon = thresholds.forecastHorizon();
        if (left.compareTo(wasActive(id) ? horizon.multipliedBy(CALM_WHOLE).dividedBy(CALM_PART) : horizon) <= 0) {
            add(Alert.ofLimit(
                    AlertKind.LIMIT_FORECAST,
                    Severity.WARNING,
                    usage.owner(),
                    usage.name(),
                    null,
                    List.of(),
                    usage.spentAt(),
                    state.now(),
                    "%s: at the pace of the last hours the %s left of the limit %s are spent at %s, in %s."
                            .formatted(
                                    usage.owner(),
                                    count(usage.left(), "call"),
                                    usage.name(),
                                    time(usage.spentAt(), state.now()),
                                    duration(left)),
                    "Pause a sync that can wait, poll less often (sluice.poll.max-interval), or buy calls and raise"
                            + " sluice.account." + usage.owner() + ".limit." + usage.name() + "."));
        }
    }

    // pauses

    private void pause(Pause pause) {
        if (pause.kind() == Pause.Kind.ACCOUNT) {
            if (state.limits().containsKey(pause.name())) {
                add(Alert.ofAccount(
                        AlertKind.ACCOUNT_PAUSED,
                        Severity.INFO,
                        pause.name(),
                        pause.since(),
                        state.now(),
                        "%s: paused %s%s; no call is made and its changes wait."
                                .formatted(pause.name(), by(pause), reason(pause)),
                        resume(pause, "/api/accounts/" + pause.name() + "/resume")));
            }
        } else if (state.syncs().containsKey(pause.name())) {
            syncPause(pause);
        }
    }

    private void syncPause(Pause pause) {
        String sync = pause.name();
        switch (pause.by()) {
            case API, SETTING ->
                addOfPause(
                        AlertKind.SYNC_PAUSED,
                        Severity.INFO,
                        pause,
                        "%s: paused %s%s; its changes wait.".formatted(sync, by(pause), reason(pause)),
                        resume(pause, "/api/syncs/" + sync + "/resume"));
            case CHECK ->
                addOfPause(
                        AlertKind.SYNC_STOPPED,
                        Severity.CRITICAL,
                        pause,
                        "%s: stopped by a mistake%s.".formatted(sync, reason(pause)),
                        "Correct what the message names and restart Sluice.");
            case CRM -> {
                if (lasts(Duration.between(pause.since(), state.now()))) {
                    addOfPause(
                            AlertKind.SYNC_REJECTED,
                            Severity.CRITICAL,
                            pause,
                            "%s: the CRM rejects every call%s.".formatted(sync, reason(pause)),
                            "Give Sluice's user the right or the object that the message names, then POST"
                                    + " /api/syncs/" + sync + "/resume to try at once.");
                }
            }
            case CAPTURE ->
                addOfPause(
                        AlertKind.ROWS_MISSING,
                        Severity.CRITICAL,
                        pause,
                        "%s: paused because rows disappeared uncaptured%s.".formatted(sync, reason(pause)),
                        "Restore the rows, or POST /api/syncs/" + sync + "/resume to delete their records in the CRM.");
            case LOAD -> {
                // an initial snapshot ends by itself; a stalled one has its own alert
            }
        }
    }

    private void addOfPause(AlertKind kind, Severity severity, Pause pause, String what, String action) {
        add(Alert.ofSync(
                kind, severity, account(pause.name()), pause.name(), pause.since(), state.now(), what, action));
    }

    private static String by(Pause pause) {
        return pause.by() == Pause.By.SETTING ? "by a setting" : "by a person";
    }

    private static String reason(Pause pause) {
        if (pause.reason() == null || pause.reason().isBlank()) {
            return "";
        }
        return " (" + (pause.by() == Pause.By.CRM ? quoted(pause.reason()) : message(pause.reason())) + ")";
    }

    private static String resume(Pause pause, String path) {
        return pause.by() == Pause.By.SETTING
                ? "Remove the setting and restart Sluice to resume."
                : "POST " + path + " when the reason for the pause is gone.";
    }

    private boolean isPaused(String sync) {
        return state.pauses().stream()
                        .anyMatch(pause ->
                                pause.kind() == Pause.Kind.SYNC && pause.name().equals(sync))
                || isAccountPaused(account(sync));
    }

    private boolean isAccountPaused(String account) {
        return state.pauses().stream()
                .anyMatch(pause ->
                        pause.kind() == Pause.Kind.ACCOUNT && pause.name().equals(account));
    }

    private String account(String sync) {
        SyncRef found = state.syncs().get(sync);
        return found == null ? null : found.account();
    }

    // what processes found

    private void finding(Finding finding) {
        Duration age = Duration.between(finding.since(), state.now());
        String subject = finding.subject();
        switch (finding.kind()) {
            case ACCOUNT_UNAVAILABLE -> {
                if (lasts(age) && !isAccountPaused(subject)) {
                    addOfFinding(
                            finding,
                            "%s: the CRM accepts no call (%s).".formatted(subject, quoted(finding.detail())),
                            "Check the CRM's status page, the network and sluice.account." + subject
                                    + ".*; no change is lost, and sending continues by itself.");
                }
            }
            case LOGIN_REJECTED -> {
                if (!isAccountPaused(subject)) {
                    addOfFinding(
                            finding,
                            "%s: the login fails (%s).".formatted(subject, quoted(finding.detail())),
                            loginHelp(subject));
                }
            }
            case CAPTURE_PROBLEM ->
                add(Alert.ofSync(
                        AlertKind.CAPTURE_PROBLEM,
                        Severity.CRITICAL,
                        account(subject),
                        subject,
                        finding.since(),
                        state.now(),
                        "%s: its table can't be captured (%s).".formatted(subject, quoted(finding.detail())),
                        "Restore the table, the column or the right that the message names; the table is then"
                                + " compared with the known records."));
            case JOURNAL_STALLED -> {
                if (lasts(age) && !isAccountPaused(subject)) {
                    addOfFinding(
                            finding,
                            "%s: the journal or stream of events can't be read (%s)."
                                    .formatted(subject, quoted(finding.detail())),
                            "Check the rights of the app or the user for it; meanwhile the polls find the changes.");
                }
            }
            default -> throw new IllegalArgumentException("No process finds " + finding.kind());
        }
    }

    private static String loginHelp(String account) {
        return "Check the secret and the user's rights in sluice.account." + account + ".*, then POST /api/accounts/"
                + account + "/resume to log in at once.";
    }

    private void addOfFinding(Finding finding, String what, String action) {
        Severity severity = finding.kind() == AlertKind.JOURNAL_STALLED ? Severity.WARNING : Severity.CRITICAL;
        add(Alert.ofAccount(finding.kind(), severity, finding.subject(), finding.since(), state.now(), what, action));
    }

    // latency

    private void latency(Waiting waiting) {
        Duration target = thresholds.latencyTargets().get(waiting.priority());
        String sync = waiting.sync();
        String id = AlertKind.LATENCY + ":" + sync + ":" + waiting.priority();
        if (target == null || account(sync) == null || isPaused(sync) || !isTooLong(id, waiting.oldest(), target)) {
            return;
        }
        Cause cause = cause(account(sync), waiting.priority());
        Severity severity = waiting.priority().rank() <= Priority.HIGH.rank() ? Severity.CRITICAL : Severity.WARNING;
        add(Alert.ofSync(
                        AlertKind.LATENCY,
                        severity,
                        account(sync),
                        sync,
                        ago(waiting.oldest()),
                        state.now(),
                        "%s: the oldest of %s has waited for %s, and the target is %s%s."
                                .formatted(
                                        sync,
                                        count(waiting.count(), waiting.priority() + " change"),
                                        duration(waiting.oldest()),
                                        duration(target),
                                        cause.words().isEmpty() ? "" : "; " + cause.words()),
                        cause.action())
                .of(waiting.priority(), cause.until()));
    }

    private record Cause(String words, String action, Instant until) {}

    private Cause cause(String account, Priority priority) {
        for (LimitUsage usage : state.limits().getOrDefault(account, List.of())) {
            Instant until = usage.stopped().get(priority);
            if (until != null && usage.isLong()) {
                return new Cause(
                        "the limit %s of %s stops them until %s"
                                .formatted(usage.name(), usage.owner(), time(until, state.now())),
                        "Save calls as the alert of the limit says, or raise the priority of what can't wait.",
                        until);
            }
        }
        for (Finding finding : state.findings()) {
            if (finding.subject().equals(account)
                    && (finding.kind() == AlertKind.ACCOUNT_UNAVAILABLE
                            || finding.kind() == AlertKind.LOGIN_REJECTED)) {
                return new Cause(
                        account + " accepts no calls",
                        "Repair what the alert of the account " + account + " names.",
                        null);
            }
        }
        return state.entries().stream()
                .filter(entry -> entry.kind() == AlertKind.ACCOUNT_THROTTLED
                        && entry.owner().equals(account))
                .findFirst()
                .map(entry -> new Cause(
                        account + " is throttled until " + time(entry.until(), state.now()),
                        "Wait until the CRM accepts calls again, or lower the account's limits.",
                        entry.until()))
                .orElseGet(() -> new Cause(
                        "",
                        "Look at lastError of the sync in /api/status, and whether more calls at the same time"
                                + " (sluice.senders) would help.",
                        null));
    }

    // counts of tables

    private void entry(Entry entry) {
        switch (entry.kind()) {
            case ACCOUNT_THROTTLED -> throttled(entry);
            case CAPTURE_GAP -> captureGap(entry);
            case CAPTURE_STALLED -> captureStalled(entry);
            case DEAD_LETTERS ->
                ofSync(
                        entry,
                        "%s: %s%s.".formatted(entry.owner(), count(entry.number(), "dead letter"), mostlyOfCode(entry)),
                        REPLAY + entry.owner() + ".");
            case INBOUND_REJECTIONS ->
                ofSync(
                        entry,
                        "%s: the table rejects %s of the CRM%s."
                                .formatted(entry.owner(), count(entry.number(), "record"), mostly(entry)),
                        "Correct the records in the CRM or the constraint of the table: see"
                                + " /api/inbound-rejections?sync=" + entry.owner() + ".");
            case EVENTS_REJECTED ->
                ofAccount(
                        entry,
                        "%s: %s could not be parsed%s."
                                .formatted(entry.owner(), count(entry.number(), "event"), mostly(entry)),
                        "The polls find these changes; report the message to Sluice's maintainers if it persists.");
            case INBOX_STALLED -> inboxStalled(entry);
            case POLL_STALLED -> pollStalled(entry);
            case JOURNAL_STALLED -> {
                if (entry.age().compareTo(JOURNAL_LATE) > 0 && !isAccountPaused(entry.owner())) {
                    ofAccount(
                            entry,
                            "%s: the journal or stream of events was not read for %s."
                                    .formatted(entry.owner(), duration(entry.age())),
                            "Look at /observe/health: no replica reads it.");
                }
            }
            case SNAPSHOT_STALLED -> {
                if (isTooLong(AlertKind.SNAPSHOT_STALLED + ":" + entry.owner(), entry.age(), SNAPSHOT_LATE)
                        && !isAccountPaused(account(entry.owner()))) {
                    ofSync(
                            entry,
                            "%s: the snapshot has made no progress for %s, after %s%s."
                                    .formatted(
                                            entry.owner(),
                                            duration(entry.age()),
                                            count(entry.number(), "record"),
                                            entry.text() == null ? "" : " (" + quoted(entry.text()) + ")"),
                            "Look at initial in /api/status; the snapshot continues by itself once its calls succeed.");
                }
            }
            case BULK_JOB_STALLED ->
                ofSync(
                        entry,
                        "%s: a bulk job has made %s in a row without progress."
                                .formatted(entry.owner(), count(entry.number(), "call")),
                        "Look at bulkJobs in /api/status and at the job in the CRM; its records wait for its end.");
            case UPDATE_LOOP ->
                ofSync(
                        entry,
                        "%s: %s in an update loop, held back for up to an hour each."
                                .formatted(
                                        entry.owner(),
                                        count(entry.number(), "record") + (entry.number() == 1 ? " is" : " are")),
                        "Find the automation in the CRM and the trigger or job of the application that answer each"
                                + " other, and change one of them.");
            case ALERTS_UNDELIVERED ->
                add(Alert.ofChannel(
                        entry.kind(),
                        severity(entry.kind()),
                        entry.owner(),
                        ago(entry.age()),
                        state.now(),
                        "alerts: %s not delivered by %s, after %s."
                                .formatted(
                                        count(entry.number(), "message"),
                                        entry.owner(),
                                        count(entry.other(), "attempt")),
                        "Check sluice.alerts." + entry.owner() + ".* and what the log says of it; the messages are kept"
                                + " and delivered later."));
            default -> throw new IllegalArgumentException("No table counts " + entry.kind());
        }
    }

    private static Severity severity(AlertKind kind) {
        return kind == AlertKind.CAPTURE_STALLED ? Severity.CRITICAL : Severity.WARNING;
    }

    private void ofSync(Entry entry, String what, String action) {
        if (state.syncs().containsKey(entry.owner())) {
            add(Alert.ofSync(
                    entry.kind(),
                    severity(entry.kind()),
                    account(entry.owner()),
                    entry.owner(),
                    ago(entry.age()),
                    state.now(),
                    what,
                    action));
        }
    }

    private void ofAccount(Entry entry, String what, String action) {
        if (state.limits().containsKey(entry.owner())) {
            add(Alert.ofAccount(
                    entry.kind(), severity(entry.kind()), entry.owner(), ago(entry.age()), state.now(), what, action));
        }
    }

    private static String mostly(Entry entry) {
        return entry.text() == null || entry.text().isBlank() ? "" : ", mostly " + quoted(entry.text());
    }

    /** Names the most frequent code of dead letters, which quotes no value. */
    private static String mostlyOfCode(Entry entry) {
        return entry.text() == null || entry.text().isBlank() ? "" : ", mostly " + message(entry.text());
    }

    private static String inBrackets(Entry entry) {
        return entry.text() == null || entry.text().isBlank() ? "" : " (" + message(entry.text()) + ")";
    }

    private void throttled(Entry entry) {
        if (!lasts(entry.age())) {
            return;
        }
        boolean login = entry.detail().equals("sign-in");
        String account = accountOf(entry.owner());
        if (account == null || isAccountPaused(account)) {
            return;
        }
        if (login) {
            add(Alert.ofAccount(
                    AlertKind.LOGIN_REJECTED,
                    Severity.CRITICAL,
                    entry.owner(),
                    ago(entry.age()),
                    state.now(),
                    "%s: the login is rejected; the other logins of its pool make the calls.".formatted(entry.owner()),
                    loginHelp(entry.owner())));
            return;
        }
        add(Alert.ofAccount(
                AlertKind.ACCOUNT_THROTTLED,
                Severity.WARNING,
                entry.owner(),
                ago(entry.age()),
                state.now(),
                "%s: the CRM has throttled it for %s (%s, %s); the next attempt is at %s."
                        .formatted(
                                entry.owner(),
                                duration(entry.age()),
                                entry.detail(),
                                count(entry.number(), "rejected call"),
                                time(entry.until(), state.now())),
                "Check which other integrations use the account, or lower sluice.account." + entry.owner()
                        + ".limit.* below what the CRM allows."));
    }

    /** Returns the account of an account, or of a login of its pool; null where there is none. */
    private String accountOf(String owner) {
        if (state.limits().containsKey(owner)) {
            return owner;
        }
        return state.limits().entrySet().stream()
                .filter(entry -> entry.getValue().stream()
                        .anyMatch(usage -> usage.owner().equals(owner)))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    private List<String> syncsOf(String table) {
        List<String> syncs = new ArrayList<>();
        state.syncs().forEach((name, sync) -> {
            if (table.equals(sync.table())) {
                syncs.add(name);
            }
        });
        syncs.sort(null);
        return syncs;
    }

    private void captureGap(Entry entry) {
        String found = entry.detail().equals("compared")
                ? "; the comparison found %s and %s"
                        .formatted(count(entry.number(), "missed change"), count(entry.other(), "missed delete"))
                : "; the table is being compared with the known records";
        ofTable(
                entry,
                "changes of %s may have been missed%s%s.".formatted(entry.owner(), inBrackets(entry), found),
                "Nothing must be done for the data; find who dropped or disabled Sluice's triggers on " + entry.owner()
                        + ".");
    }

    private void captureStalled(Entry entry) {
        if (isAnyTooLong(entry, thresholds.stalledAfter())) {
            ofTable(
                    entry,
                    "%s of %s wait to be moved to the outbox, the oldest for %s."
                            .formatted(count(entry.number(), "change"), entry.owner(), duration(entry.age())),
                    "Look at capture in /api/status and at /observe/health; a long transaction in the database may block"
                            + " the drain.");
        }
    }

    private boolean isAnyTooLong(Entry entry, Duration threshold) {
        return syncsOf(entry.owner()).stream()
                .anyMatch(sync -> isTooLong(entry.kind() + ":" + sync, entry.age(), threshold));
    }

    private void ofTable(Entry entry, String what, String action) {
        for (String sync : syncsOf(entry.owner())) {
            add(Alert.ofSync(
                    entry.kind(),
                    severity(entry.kind()),
                    account(sync),
                    sync,
                    ago(entry.age()),
                    state.now(),
                    sync + ": " + what,
                    action));
        }
    }

    private void inboxStalled(Entry entry) {
        if (isTooLong(AlertKind.INBOX_STALLED + ":" + entry.owner(), entry.age(), thresholds.stalledAfter())
                && !isAccountPaused(entry.owner())) {
            ofAccount(
                    entry,
                    "%s: %s wait to be processed, the oldest for %s."
                            .formatted(entry.owner(), count(entry.number(), "event"), duration(entry.age())),
                    "Look at the account's limits and at /api/inbound-rejections: records that must be read back wait"
                            + " for calls, or the table is locked.");
        }
    }

    private void pollStalled(Entry entry) {
        if (isTooLong(AlertKind.POLL_STALLED + ":" + entry.owner(), entry.age(), POLL_LATE)
                && !isPaused(entry.owner())) {
            ofSync(
                    entry,
                    "%s: the CRM was last polled %s ago.".formatted(entry.owner(), duration(entry.age())),
                    "Look at the alerts of the account: it accepts no calls, or its limits are spent.");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.QuotedWords;
import io.sluice.alert.ObservedState.Entry;
import io.sluice.alert.ObservedState.SyncRef;
import io.sluice.alert.ObservedState.Waiting;
import io.sluice.outbox.Pause;
import io.sluice.quota.LimitUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class AlertRulesTest {

    private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);
    private static final AlertThresholds THRESHOLDS = new AlertThresholds(
            Duration.ofMinutes(1),
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            Duration.ofHours(4),
            Map.of(
                    Priority.CRITICAL, Duration.ofMinutes(1),
                    Priority.HIGH, Duration.ofMinutes(5),
                    Priority.NORMAL, Duration.ofMinutes(15),
                    Priority.LOW, Duration.ofHours(6)));
    private static final Map<String, SyncRef> SYNCS =
            Map.of("customers", new SyncRef("crm", "public.customer"), "deals", new SyncRef("crm", "public.deal"));
    private static final Set<AlertKind> OF_TABLES = Set.of(
            AlertKind.ACCOUNT_THROTTLED,
            AlertKind.CAPTURE_GAP,
            AlertKind.CAPTURE_STALLED,
            AlertKind.DEAD_LETTERS,
            AlertKind.INBOUND_REJECTIONS,
            AlertKind.EVENTS_REJECTED,
            AlertKind.INBOX_STALLED,
            AlertKind.POLL_STALLED,
            AlertKind.JOURNAL_STALLED,
            AlertKind.SNAPSHOT_STALLED,
            AlertKind.BULK_JOB_STALLED,
            AlertKind.UPDATE_LOOP,
            AlertKind.ALERTS_UNDELIVERED);

    private static LimitUsage usage(int percent) {
        Map<Priority, Instant> stopped = new EnumMap<>(Priority.class);
        for (LimitMark mark : LimitMark.values()) {
            if (percent >= mark.percent()) {
                mark.delays().forEach(priority -> stopped.putIfAbsent(priority, NOON.plusSeconds(7200)));
            }
        }
        return new LimitUsage("crm", "daily", 1000, DAY, percent * 10L, null, percent, null, stopped);
    }

    /** A state in which nothing is wrong, to be changed. */
    private static final class Scene {
        private Instant now = NOON;
        private final List<LimitUsage> limits = new ArrayList<>(List.of(usage(10)));
        private final List<Pause> pauses = new ArrayList<>();
        private final List<Waiting> waiting = new ArrayList<>();
        private final List<Finding> findings = new ArrayList<>();
        private final List<Entry> entries = new ArrayList<>();

        private static Scene at(Instant now) {
            Scene scene = new Scene();
            scene.now = now;
            return scene;
        }

        private Scene used(int percent) {
            limits.set(0, usage(percent));
            return this;
        }

        private Scene with(Entry entry) {
            entries.add(entry);
            return this;
        }

        private List<Alert> after(List<Alert> before) {
            return AlertRules.active(
                    new ObservedState(now, SYNCS, Map.of("crm", limits), pauses, waiting, findings, entries),
                    before,
                    THRESHOLDS);
        }

        private List<Alert> alerts() {
            return after(List.of());
        }
    }

    private static Entry entry(AlertKind kind, String owner, long number, Duration age) {
        return new Entry(kind, owner, "", number, 0, age, NOON.plusSeconds(60), "A message.");
    }

    private static List<Integer> marks(List<Alert> alerts) {
        return alerts.stream()
                .filter(alert -> alert.kind() == AlertKind.LIMIT_MARK)
                .map(Alert::mark)
                .sorted()
                .toList();
    }

    @Example
    void nothingIsWrongInTheBeginning() {
        assertThat(new Scene().alerts()).isEmpty();
    }

    @Property
    void eachMarkBeginsAtItsPercentageAndEndsBelowItBySomeSlack(
            @ForAll @Size(max = 40) List<@IntRange(max = 120) Integer> percents) {
        List<Alert> alerts = List.of();
        Set<Integer> active = new TreeSet<>();
        for (int percent : percents) {
            alerts = new Scene().used(percent).after(alerts);
            for (LimitMark mark : LimitMark.values()) {
                if (percent >= mark.percent()) {
                    active.add(mark.percent());
                } else if (percent + 3 < mark.percent()) {
                    active.remove(mark.percent());
                }
            }
            assertThat(marks(alerts)).containsExactlyElementsOf(active);
        }
    }

    @Property
    void aUseThatVariesByLessThanTheSlackBeginsOneAlert(
            @ForAll @Size(min = 2, max = 50) List<@IntRange(min = 83, max = 87) Integer> percents) {
        List<Alert> alerts = new Scene().used(85).alerts();
        List<Alert> first = alerts;
        for (int percent : percents) {
            alerts = new Scene().used(percent).after(alerts);
            assertThat(marks(alerts)).containsExactly(70, 85);
            assertThat(alerts)
                    .extracting(Alert::since)
                    .containsAll(first.stream().map(Alert::since).toList());
        }
    }

    @Example
    void aMarkSaysWhatItDelaysForHowLongAndWhatHelps() {
        Scene scene = new Scene().used(86);
        scene.waiting.add(new Waiting("deals", Priority.LOW, 1200, Duration.ofMinutes(1)));
        Alert alert = scene.alerts().get(0);

        assertThat(alert.id()).isEqualTo("limit-mark:crm/daily:85");
        assertThat(alert.severity()).isEqualTo(Severity.WARNING);
        assertThat(alert.delays()).containsExactly(Priority.NORMAL, Priority.LOW);
        assertThat(alert.until()).isEqualTo(NOON.plusSeconds(7200));
        assertThat(alert.what())
                .isEqualTo(
                        "crm: 860 of 1,000 calls of the limit daily are used (86 %); normal and low changes wait until"
                                + " 14:00 UTC, now 1,200 of deals.");
        assertThat(alert.action())
                .isEqualTo(
                        "To save calls, poll less often (sluice.poll.max-interval), let the CRM send webhooks, or pause a"
                                + " sync that can wait; if Sluice may use more calls, raise sluice.account.crm.limit.daily.");
    }

    @Provide
    Arbitrary<Entry> entries() {
        return Combinators.combine(
                        Arbitraries.of(OF_TABLES),
                        Arbitraries.of("crm", "customers", "deals", "public.customer", "public.deal", "gone"),
                        Arbitraries.of("", "sign-in", "compared"),
                        Arbitraries.longs().between(0, 100_000),
                        Arbitraries.longs().between(0, 200_000))
                .as((kind, owner, detail, number, seconds) -> new Entry(
                        kind,
                        owner,
                        detail,
                        number,
                        number,
                        Duration.ofSeconds(seconds),
                        NOON.plusSeconds(60),
                        "Line one.\nline two"));
    }

    @Property
    void everyAlertHasOneIdOnePlainSentenceAndAnAction(
            @ForAll("entries") Entry entry, @ForAll @IntRange(max = 120) int percent) {
        List<Alert> alerts = new Scene().used(percent).with(entry).alerts();

        assertThat(alerts).extracting(Alert::id).doesNotHaveDuplicates();
        assertThat(alerts).allSatisfy(alert -> {
            assertThat(alert.id()).startsWith(alert.kind() + ":");
            assertThat(alert.what()).endsWith(".").doesNotContain("\n", "null", "..", "( ");
            assertThat(alert.action()).endsWith(".").doesNotContain("\n", "null", "..");
            assertThat(alert.account()).isEqualTo(alert.kind() == AlertKind.ALERTS_UNDELIVERED ? null : "crm");
            assertThat(alert.since()).isBeforeOrEqualTo(NOON);
        });
        assertThat(alerts).isSortedAccordingTo((one, other) -> other.severity().compareTo(one.severity()));
    }

    @Property
    void evaluatedAgainNothingBeginsAndNothingEnds(
            @ForAll("entries") Entry entry, @ForAll @IntRange(max = 120) int percent) {
        Scene scene = new Scene().used(percent).with(entry);
        List<Alert> first = scene.alerts();

        assertThat(scene.after(first)).isEqualTo(first);
    }

    @Property
    void anAlertEndsOnceItsConditionIsAbsentForTheDelay(
            @ForAll("entries") Entry entry, @ForAll @IntRange(max = 60) int seconds) {
        List<Alert> first = new Scene().with(entry).alerts();

        List<Alert> later = Scene.at(NOON.plusSeconds(seconds)).after(first);

        assertThat(ids(later)).isEqualTo(seconds < 30 ? ids(first) : Set.of());
    }

    private static Set<String> ids(List<Alert> alerts) {
        return alerts.stream().map(Alert::id).collect(Collectors.toCollection(TreeSet::new));
    }

    @Property
    void aChangeIsLateWhenItIsOlderThanTheTargetOfItsPriority(
            @ForAll Priority priority, @ForAll @IntRange(min = 1, max = 30_000) int seconds) {
        Scene scene = new Scene();
        scene.waiting.add(new Waiting("deals", priority, 3, Duration.ofSeconds(seconds)));

        boolean late = seconds > THRESHOLDS.latencyTargets().get(priority).toSeconds();

        assertThat(ids(scene.alerts())).isEqualTo(late ? Set.of("latency:deals:" + priority) : Set.of());
        scene.pauses.add(new Pause(Pause.Kind.SYNC, "deals", Pause.By.API, null, NOON));
        assertThat(ids(scene.alerts())).isEqualTo(Set.of("sync-paused:deals"));
    }

    @Example
    void aLateChangeNamesTheLimitThatStopsIt() {
        Scene scene = new Scene().used(100);
        scene.waiting.add(new Waiting("deals", Priority.HIGH, 1, Duration.ofMinutes(6)));

        assertThat(scene.alerts())
                .filteredOn(alert -> alert.kind() == AlertKind.LATENCY)
                .singleElement()
                .satisfies(alert -> {
                    assertThat(alert.what())
                            .isEqualTo(
                                    "deals: the oldest of 1 high change has waited for 6 minutes, and the target is 5"
                                            + " minutes; the limit daily of crm stops them until 14:00 UTC.");
                    assertThat(alert.until()).isEqualTo(NOON.plusSeconds(7200));
                    assertThat(alert.severity()).isEqualTo(Severity.CRITICAL);
                });
    }

    @Example
    void aShortThrottlingIsNoAlert() {
        assertThat(new Scene()
                        .with(entry(AlertKind.ACCOUNT_THROTTLED, "crm", 3, Duration.ofSeconds(59)))
                        .alerts())
                .isEmpty();
        assertThat(new Scene()
                        .with(entry(AlertKind.ACCOUNT_THROTTLED, "crm", 9, Duration.ofSeconds(60)))
                        .alerts())
                .hasSize(1);
    }

    @Example
    void aSyncThatIsNotConfiguredHasNoAlert() {
        assertThat(new Scene()
                        .with(entry(AlertKind.DEAD_LETTERS, "gone", 3, Duration.ZERO))
                        .with(entry(AlertKind.CAPTURE_STALLED, "public.gone", 3, DAY))
                        .alerts())
                .isEmpty();
    }

    @Example
    void aRejectedLoginIsAnAlertAtOnceAndAnOutageAfterTheDelay() {
        Scene scene = new Scene();
        scene.findings.add(new Finding(AlertKind.LOGIN_REJECTED, "crm", "invalid_grant", NOON));
        scene.findings.add(new Finding(AlertKind.ACCOUNT_UNAVAILABLE, "crm", "HTTP 503", NOON.minusSeconds(59)));
        assertThat(ids(scene.alerts())).containsExactly("login-rejected:crm");

        scene.now = NOON.plusSeconds(1);
        assertThat(ids(scene.alerts())).containsExactly("account-unavailable:crm", "login-rejected:crm");
    }

    @Example
    void theWordsOfACrmAreMarkedAndThoseOfAPersonAreNot() {
        Scene scene = new Scene()
                .with(entry(AlertKind.INBOUND_REJECTIONS, "deals", 2, Duration.ZERO))
                .with(entry(AlertKind.DEAD_LETTERS, "customers", 2, Duration.ZERO))
                .with(entry(AlertKind.SNAPSHOT_STALLED, "deals", 2, DAY));
        scene.findings.add(new Finding(AlertKind.LOGIN_REJECTED, "crm", "no user x", NOON));
        scene.findings.add(new Finding(AlertKind.CAPTURE_PROBLEM, "deals", "no right for x", NOON));
        scene.pauses.add(new Pause(Pause.Kind.SYNC, "deals", Pause.By.CRM, "no object x", NOON.minus(DAY)));
        scene.pauses.add(new Pause(Pause.Kind.SYNC, "customers", Pause.By.API, "a new pipeline", NOON));

        assertThat(scene.alerts())
                .extracting(alert -> QuotedWords.hidden(alert.what()))
                .containsExactlyInAnyOrder(
                        "crm: the login fails (hidden).",
                        "deals: its table can't be captured (hidden).",
                        "deals: the CRM rejects every call (hidden).",
                        "customers: paused by a person (a new pipeline); its changes wait.",
                        "deals: the table rejects 2 records of the CRM, mostly (hidden).",
                        "customers: 2 dead letters, mostly A message.",
                        "deals: the snapshot has made no progress for 24 hours, after 2 records (hidden).");
        assertThat(scene.alerts())
                .extracting(alert -> alert.shown().what())
                .contains("crm: the login fails (no user x).", "deals: the CRM rejects every call (no object x).");
    }

    @Example
    void aLimitThatWillBeSpentSoonIsAnAlertUntilThatIsFarOff() {
        Scene scene = new Scene();
        scene.limits.set(0, spentIn(Duration.ofMinutes(241)));
        assertThat(scene.alerts()).isEmpty();
        scene.limits.set(0, spentIn(Duration.ofMinutes(240)));
        List<Alert> alerts = scene.alerts();
        assertThat(alerts).singleElement().satisfies(alert -> {
            assertThat(alert.id()).isEqualTo("limit-forecast:crm/daily");
            assertThat(alert.what())
                    .isEqualTo(
                            "crm: at the pace of the last hours the 500 calls left of the limit daily are spent at 16:00"
                                    + " UTC, in 4 hours.");
        });
        scene.now = NOON.plusSeconds(60);
        scene.limits.set(0, spentIn(Duration.ofMinutes(299)));
        assertThat(scene.after(alerts)).hasSize(1);
        scene.limits.set(0, spentIn(Duration.ofMinutes(330)));
        assertThat(scene.after(alerts)).isEmpty();
    }

    private static LimitUsage spentIn(Duration time) {
        return new LimitUsage("crm", "daily", 1000, DAY, 500, null, 50, NOON.plus(time), Map.of());
    }
}

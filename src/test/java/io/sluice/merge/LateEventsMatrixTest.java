// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.outbox.CustomerSync;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goes through all histories of four steps of one field: a write of ours, an edit by the CRM's user that is read, and an edit
 * that is not; and through all of three steps where a write's answer may be lost, whether the write was done or not, alone and
 * with many writes and read edits after them. Afterwards the events of the unread edits arrive one by one, or those of all
 * edits together, with a read of the record. An edit that our write replaced is a conflict; one that the user replaced is none,
 * and no late event changes the row.
 */
class LateEventsMatrixTest {

    private static final Instant BEGINNING =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofHours(1));
    private static final int STEPS = 4;
    /** Steps after a history while its events are away: many more than are common. */
    private static final List<Step> LATER = Collections.nCopies(4, List.of(Step.WRITE, Step.READ_EDIT)).stream()
            .flatMap(List::stream)
            .toList();

    /** Time that a write without an answer is in flight: longer than until the next step. */
    private static final Duration LEASE = Duration.ofSeconds(90);

    private static final List<String> RULES =
            "full".equals(System.getProperty("matrix")) ? List.of("latest", "crm", "database") : List.of("latest");

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private enum Step {
        WRITE,
        READ_EDIT,
        UNREAD_EDIT,
        /** Done, but without an answer. */
        UNPROVEN_WRITE,
        /** Done, and a read has shown it. */
        CONFIRMED_WRITE,
        /** Not done, and without an answer. */
        LOST_WRITE;

        private boolean isEdit() {
            return this == READ_EDIT || this == UNREAD_EDIT;
        }

        private boolean isDone() {
            return this == WRITE || this == UNPROVEN_WRITE || this == CONFIRMED_WRITE;
        }
    }

    private enum Order {
        OLDEST_FIRST,
        NEWEST_FIRST,
        TOGETHER,
        /** With the events of our own writes, which the journal has like those of others. */
        WITH_OURS
    }

    private static CustomerSync customers;
    private static Applier applier;
    /** Each history has a row of its own. */
    private static int key;

    @BeforeAll
    static void aSync() throws SQLException {
        customers = new CustomerSync(DATABASE);
        applier = new Applier(DATABASE.sluice(), customers.capture);
        customers.start("name text", "0, 'first'", Map.of("name", "name"));
        customers.sendAll();
    }

    static Stream<List<Step>> histories() {
        return Stream.concat(
                histories(STEPS, List.of(Step.WRITE, Step.READ_EDIT, Step.UNREAD_EDIT)),
                histories(STEPS - 1, List.of(Step.values()))
                        .flatMap(history -> Stream.of(
                                history,
                                Stream.concat(history.stream(), LATER.stream()).toList())));
    }

    private static Stream<List<Step>> histories(int steps, List<Step> kinds) {
        return all(steps, kinds)
                .filter(history ->
                        history.contains(Step.UNREAD_EDIT) && history.stream().anyMatch(Step::isDone));
    }

    private static Stream<List<Step>> all(int steps, List<Step> kinds) {
        return steps == 0
                ? Stream.of(List.of())
                : all(steps - 1, kinds)
                        .flatMap(history -> kinds.stream().map(step -> Stream.concat(history.stream(), Stream.of(step))
                                .toList()));
    }

    private static List<Order> orders(List<Step> history) {
        if (RULES.size() > 1 || history.size() == STEPS) {
            return List.of(Order.values());
        }
        return history.size() < STEPS
                ? List.of(Order.OLDEST_FIRST, Order.WITH_OURS)
                : List.of(Order.OLDEST_FIRST, Order.TOGETHER);
    }

    /** A write without an answer waits to be repeated, which is a conflict of its own. */
    private static List<String> rules(List<Step> history) {
        return isProven(history) ? RULES : List.of("latest");
    }

    private static String value(int step) {
        return step < 0 ? "first" : "value " + step;
    }

    private static Instant at(int step) {
        return BEGINNING.plusSeconds(60L * step);
    }

    @ParameterizedTest
    @MethodSource("histories")
    void onlyAnEditThatOurWriteReplacedIsAConflict(List<Step> history) throws SQLException {
        SoftAssertions softly = new SoftAssertions();
        for (Order order : orders(history)) {
            for (String rule : rules(history)) {
                customers.sync.setConflicts(rule);
                replay(history);
                List<Integer> late = late(history);
                if (order == Order.TOGETHER || order == Order.WITH_OURS) {
                    read(lastDone(history), events(history, order == Order.WITH_OURS));
                } else {
                    if (order == Order.NEWEST_FIRST) {
                        Collections.reverse(late);
                    }
                    for (int edit : late) {
                        read(lastDone(history), List.of(event(edit)));
                    }
                }
                String what = history + ", " + rule + ", " + order;
                List<String> conflicts = conflicts();
                for (int step : late) {
                    Step next = next(history, step);
                    boolean replacedByUs = next != null && next.isDone();
                    boolean writtenLater =
                            history.subList(step, history.size()).stream().anyMatch(it -> !it.isEdit());
                    if (replacedByUs) {
                        softly.assertThat(conflicts).as(what).contains(value(step));
                    } else if (isProven(history) && (!writtenLater || history.get(step + 1) == Step.READ_EDIT)) {
                        softly.assertThat(conflicts).as(what).doesNotContain(value(step));
                    }
                }
                int last = history.size() - 1;
                if (history.get(last).isEdit() || !rule.equals("crm")) {
                    softly.assertThat(DATABASE.text("select name from app.customer where no = " + key))
                            .as(what)
                            .isEqualTo(value(last));
                }
            }
        }
        softly.assertAll();
    }

    private static boolean isProven(List<Step> history) {
        return Collections.disjoint(history, List.of(Step.UNPROVEN_WRITE, Step.CONFIRMED_WRITE, Step.LOST_WRITE));
    }

    /** Returns the step that gave the CRM the value it had next; null if there was none. */
    private static Step next(List<Step> history, int step) {
        return history.stream()
                .skip(step + 1)
                .filter(it -> it != Step.LOST_WRITE)
                .findFirst()
                .orElse(null);
    }

    /** Returns the step whose value the CRM has at the end. */
    private static int lastDone(List<Step> history) {
        int last = history.size() - 1;
        while (history.get(last) == Step.LOST_WRITE) {
            last--;
        }
        return last;
    }

    /** Returns the steps whose event arrives late. */
    private static List<Integer> late(List<Step> history) {
        List<Integer> late = new ArrayList<>();
        for (int step = 0; step < history.size(); step++) {
            if (history.get(step) == Step.UNREAD_EDIT) {
                late.add(step);
            }
        }
        return late;
    }

    /** Every second record came from the CRM, so that its first value was read and not written. */
    private void replay(List<Step> history) throws SQLException {
        key++;
        if (key % 2 == 0) {
            DATABASE.run("insert into app.customer values (" + key + ", 'first')");
            customers.sendAll();
            age(BEGINNING.minusSeconds(60));
        } else {
            customers.sendAll();
            read(-1, List.of());
        }
        for (int step = 0; step < history.size(); step++) {
            switch (history.get(step)) {
                case WRITE -> {
                    DATABASE.run("update app.customer set name = '" + value(step) + "' where no = " + key);
                    customers.sendAll();
                    age(at(step));
                }
                case UNPROVEN_WRITE, CONFIRMED_WRITE, LOST_WRITE -> {
                    DATABASE.run("update app.customer set name = '" + value(step) + "' where no = " + key);
                    customers.settle(customers.claim().orElseThrow(), List.of(Outcome.noResult("" + key)));
                    DATABASE.run(
                            "update sluice.sync_state set settled_at = '" + at(step).plus(LEASE) + "' where key = '"
                                    + key + "'",
                            "update sluice.outbox set stamps = jsonb_build_object('name', '" + at(step)
                                    + "'), due = clock_timestamp() where key = '" + key + "'");
                    if (history.get(step) == Step.CONFIRMED_WRITE) {
                        read(step, List.of());
                    }
                }
                case READ_EDIT -> read(step, List.of());
                case UNREAD_EDIT -> {}
            }
        }
        assertThat(conflicts())
                .doesNotContainAnyElementsOf(
                        late(history).stream().map(LateEventsMatrixTest::value).toList());
    }

    /** Gives the last write the time of its step. */
    private void age(Instant at) throws SQLException {
        DATABASE.run("update sluice.sync_state set stamps = jsonb_build_object('name', '" + at + "'), settled_at = '"
                + at + "' where key = '" + key + "'");
    }

    private static List<String> conflicts() throws SQLException {
        return DATABASE.texts("select distinct crm #>> '{}' from sluice.conflict where key = '" + key + "'");
    }

    /** Returns the events of all edits, oldest first, also of those that were read before. */
    private static List<CrmRecord> events(List<Step> history, boolean withOurs) {
        List<CrmRecord> events = new ArrayList<>();
        for (int step = 0; step < history.size(); step++) {
            if (history.get(step).isEdit() || withOurs && history.get(step).isDone()) {
                events.add(event(step));
            }
        }
        return events;
    }

    private static CrmRecord event(int edit) {
        return CrmRecord.ofEvents("x" + key, Map.of("name", value(edit)), Map.of("name", at(edit)));
    }

    private void read(int step, List<CrmRecord> events) throws SQLException {
        applier.apply(
                customers.sync,
                List.of(new CrmRecord("x" + key, "" + key, at(step), Map.of("name", value(step)))),
                applier.now(),
                events.isEmpty() ? Map.of() : Map.of("x" + key, events));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
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
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goes through all histories of four steps of one field: a write of ours, an edit by the CRM's user that is read, and an edit
 * that is not. Each is tried alone and with many writes and read edits after it. Afterwards the events of the unread edits
 * arrive one by one, or those of all edits together, with a read of the record. An edit that our write replaced is a conflict;
 * one that the user replaced is none, and no late event changes the row.
 */
class LateEventsMatrixTest {

    private static final Instant BEGINNING =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofHours(1));
    private static final int STEPS = 4;
    /** Steps after a history while its events are away: many more than are common. */
    private static final List<Step> LATER = Collections.nCopies(4, List.of(Step.WRITE, Step.READ_EDIT)).stream()
            .flatMap(List::stream)
            .toList();

    private static final List<String> RULES =
            "full".equals(System.getProperty("matrix")) ? List.of("latest", "crm", "database") : List.of("latest");

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private enum Step {
        WRITE,
        READ_EDIT,
        UNREAD_EDIT;

        private boolean isEdit() {
            return this != WRITE;
        }
    }

    private enum Order {
        OLDEST_FIRST,
        NEWEST_FIRST,
        TOGETHER
    }

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);

    static Stream<List<Step>> histories() {
        List<List<Step>> histories = List.of(List.of());
        for (int i = 0; i < STEPS; i++) {
            histories = histories.stream()
                    .flatMap(history -> Stream.of(Step.values()).map(step -> {
                        List<Step> longer = new ArrayList<>(history);
                        longer.add(step);
                        return longer;
                    }))
                    .toList();
        }
        return histories.stream()
                .filter(history -> history.contains(Step.UNREAD_EDIT) && history.contains(Step.WRITE))
                .flatMap(history -> Stream.of(
                        history, Stream.concat(history.stream(), LATER.stream()).toList()));
    }

    private static List<Order> orders(List<Step> history) {
        return history.size() == STEPS || RULES.size() > 1 ? List.of(Order.values()) : List.of(Order.OLDEST_FIRST);
    }

    private static String value(int step) {
        return "value " + step;
    }

    private static Instant at(int step) {
        return BEGINNING.plusSeconds(60L * step);
    }

    @ParameterizedTest
    @MethodSource("histories")
    void onlyAnEditThatOurWriteReplacedIsAConflict(List<Step> history) throws SQLException {
        SoftAssertions softly = new SoftAssertions();
        for (Order order : orders(history)) {
            for (String rule : RULES) {
                customers.sync.setConflicts(rule);
                replay(history);
                List<Integer> late = late(history);
                if (order == Order.TOGETHER) {
                    read(history.size() - 1, Map.of("x1", edits(history)));
                } else {
                    if (order == Order.NEWEST_FIRST) {
                        Collections.reverse(late);
                    }
                    for (int edit : late) {
                        read(history.size() - 1, Map.of("x1", List.of(event(edit))));
                    }
                }
                String what = rule + " " + order;
                List<String> conflicts = DATABASE.texts("select distinct crm #>> '{}' from sluice.conflict");
                for (int step : late) {
                    boolean replacedByUs = step + 1 < history.size() && history.get(step + 1) == Step.WRITE;
                    boolean writtenLater = history.subList(step, history.size()).contains(Step.WRITE);
                    if (replacedByUs) {
                        softly.assertThat(conflicts).as(what).contains(value(step));
                    } else if (!writtenLater || history.get(step + 1) == Step.READ_EDIT) {
                        softly.assertThat(conflicts).as(what).doesNotContain(value(step));
                    }
                }
                int last = history.size() - 1;
                if (history.get(last).isEdit() || !rule.equals("crm")) {
                    softly.assertThat(DATABASE.text("select name from app.customer"))
                            .as(what)
                            .isEqualTo(value(last));
                }
            }
        }
        softly.assertAll();
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

    private void replay(List<Step> history) throws SQLException {
        customers.start("name text", "1, 'first'", Map.of("name", "name"));
        customers.sendAll();
        age(BEGINNING.minusSeconds(60));
        for (int step = 0; step < history.size(); step++) {
            switch (history.get(step)) {
                case WRITE -> {
                    DATABASE.run("update app.customer set name = '" + value(step) + "'");
                    customers.sendAll();
                    age(at(step));
                }
                case READ_EDIT -> read(step, Map.of());
                case UNREAD_EDIT -> {}
            }
        }
        assertThat(DATABASE.texts("select crm from sluice.conflict")).isEmpty();
    }

    /** Gives the last write the time of its step. */
    private void age(Instant at) throws SQLException {
        DATABASE.run("update sluice.sync_state set stamps = jsonb_build_object('name', '" + at + "'), settled_at = '"
                + at + "'");
    }

    /** Returns the events of all edits, oldest first, also of those that were read before. */
    private static List<CrmRecord> edits(List<Step> history) {
        List<CrmRecord> edits = new ArrayList<>();
        for (int step = 0; step < history.size(); step++) {
            if (history.get(step).isEdit()) {
                edits.add(event(step));
            }
        }
        return edits;
    }

    private static CrmRecord event(int edit) {
        return CrmRecord.ofEvents("x1", Map.of("name", value(edit)), Map.of("name", at(edit)));
    }

    private void read(int step, Map<String, List<CrmRecord>> events) throws SQLException {
        applier.apply(
                customers.sync,
                List.of(new CrmRecord("x1", "1", at(step), Map.of("name", value(step)))),
                applier.now(),
                events);
    }
}

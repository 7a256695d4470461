// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two rows whose keys a CRM treats as one, written in one call and in two, by calls and by a job without changes of its
 * own: the second is a dead letter that names the first, and whatever happens to it the first's record stays as its row is.
 */
class SharedIdsMatrixTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    enum Then {
        NOTHING,
        FIRST_EDITED,
        SECOND_EDITED,
        SECOND_EDITED_TWICE,
        SECOND_DELETED,
        FIRST_DELETED,
        BOTH_DELETED
    }

    private record Case(String first, String second, boolean together, Then then) {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (List<String> pair : List.of(
                List.of("ab", "AB"),
                List.of("AB", "ab"),
                List.of("ab", "ab "),
                List.of(" ab", "AB "),
                List.of("é", "É"))) {
            for (boolean together : new boolean[] {true, false}) {
                for (Then then : Then.values()) {
                    cases.add(new Case(pair.get(0), pair.get(1), together, then));
                }
            }
        }
        return cases.stream();
    }

    /** A CRM that folds case and blanks of external ids, as both vendors do. */
    private static final class FoldingCrm {

        private final Map<String, String> ids = new HashMap<>();
        private final Map<String, Map<String, Object>> records = new TreeMap<>();

        Outcome take(RecordChange recordChange) {
            String folded = recordChange.key().strip().toLowerCase(Locale.ROOT);
            if (recordChange.operation() == Operation.DELETE) {
                String id = recordChange.crmId() != null ? recordChange.crmId() : ids.get(folded);
                records.remove(id);
                ids.values().remove(id);
                return Outcome.done(recordChange.key(), null);
            }
            String id = recordChange.crmId() != null && records.containsKey(recordChange.crmId())
                    ? recordChange.crmId()
                    : ids.computeIfAbsent(folded, fresh -> "id" + ids.size());
            records.computeIfAbsent(id, fresh -> new TreeMap<>()).putAll(recordChange.fields());
            return Outcome.done(recordChange.key(), id);
        }
    }

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final FoldingCrm crm = new FoldingCrm();

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("rows");
        sync.setTable("app.t");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name", "city", "City"));
        return sync;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aSecondKeyOfARecordDoesNotHarmTheFirst(Case each) throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.t (no text primary key, name text, city text)");
        capture.start(List.of(sync()));
        DATABASE.run(insert(each.first(), "one"));
        if (!each.together()) {
            send();
        }
        DATABASE.run(insert(each.second(), "two"));
        send();

        assertThat(DATABASE.texts("select key from sluice.sync_state where crm_id is not null"))
                .containsExactly(each.first());
        assertThat(DATABASE.texts("select message from sluice.dead_letter where key = ?", each.second()))
                .singleElement()
                .asString()
                .contains("'" + each.first() + "'");
        assertThat(crm.records.values()).containsExactly(values("one"));

        String last = "one";
        switch (each.then()) {
            case FIRST_EDITED -> edit(each.first(), last = "three");
            case SECOND_EDITED -> edit(each.second(), "three");
            case SECOND_EDITED_TWICE -> {
                edit(each.second(), "three");
                send();
                edit(each.second(), "one");
            }
            case SECOND_DELETED -> remove(each.second());
            case FIRST_DELETED -> remove(each.first());
            case BOTH_DELETED -> {
                remove(each.second());
                remove(each.first());
            }
            default -> {}
        }
        send();
        if (each.then() == Then.FIRST_DELETED || each.then() == Then.BOTH_DELETED) {
            assertThat(crm.records).isEmpty();
        } else {
            assertThat(crm.records.values()).containsExactly(values(last));
        }
        int calls = send();
        assertThat(calls).as("calls after everything is settled").isZero();
    }

    private static String insert(String key, String value) {
        return "insert into app.t values ('" + key + "', '" + value + "', '" + value + "')";
    }

    private static Map<String, Object> values(String value) {
        return Map.of("Name", value, "City", value);
    }

    private static void edit(String key, String value) throws SQLException {
        DATABASE.run("update app.t set name = '" + value + "', city = '" + value + "' where no = '" + key + "'");
    }

    private static void remove(String key) throws SQLException {
        DATABASE.run("delete from app.t where no = '" + key + "'");
    }

    /** Sends until nothing waits. */
    private int send() throws SQLException {
        int calls = 0;
        while (capture.drain("app.t") > 0
                || !DATABASE.texts("select 1 from sluice.outbox").isEmpty()) {
            Optional<Claim> claim = outbox.claim("crm", 200, Priority.LOW).map(it -> {
                try {
                    return settlement.settleDeletesOfOthers(it);
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            });
            if (claim.isPresent() && claim.get().size() > 0) {
                settlement.settle(
                        claim.get(),
                        claim.get().changes().stream().map(crm::take).toList());
                calls++;
            }
            assertThat(calls).as("calls").isLessThan(20);
        }
        return calls;
    }
}

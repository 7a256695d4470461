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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Unique values that move between rows, into a CRM that checks each record as it is written, in calls of one record and of
 * many: where the table can hold it, so can the CRM in the end, and nothing is a dead letter. A value that stays taken is
 * one, after few calls.
 */
class UniqueValuesTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final int MAX_CALLS = 40;

    private record Case(String what, List<String> sql, int size, boolean namesField, int dead) {

        @Override
        public String toString() {
            return what + ", " + size + " a call" + (namesField ? "" : ", field not named");
        }
    }

    static Stream<Case> cases() {
        Map<String, List<String>> moves = new LinkedHashMap<>();
        moves.put(
                "handed on",
                List.of("update app.t set mail = 'new' where no = 1", "update app.t set mail = 'a' where no = 2"));
        moves.put(
                "handed on, the taker first",
                List.of(
                        "update app.t set mail = case no when 1 then 'new' else 'a' end where no in (1, 2)",
                        "update app.t set name = 'later' where no = 1"));
        moves.put(
                "deleted and made with another key",
                List.of("delete from app.t where no = 1", "insert into app.t values (9, 'nine', 'a')"));
        moves.put("key changed", List.of("update app.t set no = 9 where no = 1"));
        moves.put(
                "handed on along a chain",
                List.of(
                        "update app.t set mail = 'new' where no = 3",
                        "update app.t set mail = 'c' where no = 2",
                        "update app.t set mail = 'b' where no = 1"));
        moves.put(
                "given up",
                List.of("update app.t set mail = null where no = 1", "update app.t set mail = 'A' where no = 2"));
        Map<String, List<String>> cycles = new LinkedHashMap<>();
        cycles.put(
                "swapped", List.of("update app.t set mail = case no when 1 then 'b' else 'a' end where no in (1, 2)"));
        cycles.put(
                "passed round",
                List.of("update app.t set mail = case no when 1 then 'b' when 2 then 'c' else 'a' end"));
        List<Case> cases = new ArrayList<>();
        for (int size : new int[] {1, 2, 200}) {
            moves.forEach((what, sql) -> {
                cases.add(new Case(what, sql, size, true, 0));
                cases.add(new Case(what, sql, size, false, 0));
            });
            cycles.forEach((what, sql) -> cases.add(new Case(what, sql, size, true, 0)));
            cases.add(new Case(
                    "taken for good", List.of("update app.t set mail = 'foreign' where no = 2"), size, true, 1));
        }
        return cases.stream();
    }

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final Map<String, Map<String, Object>> records = new TreeMap<>();
    private boolean namesField;

    private Outcome take(RecordChange recordChange) {
        if (recordChange.operation() == Operation.DELETE) {
            records.remove(recordChange.key());
            return Outcome.done(recordChange.key(), null);
        }
        Object mail = recordChange.fields().get("Mail");
        if (mail != null
                && records.entrySet().stream()
                        .anyMatch(other -> !other.getKey().equals(recordChange.key())
                                && Objects.toString(other.getValue().get("Mail"))
                                        .equalsIgnoreCase(mail.toString()))) {
            return Outcome.taken(
                    recordChange.key(), "DUPLICATE_VALUE", "taken", namesField ? List.of("Mail") : List.of());
        }
        records.computeIfAbsent(recordChange.key(), fresh -> new TreeMap<>()).putAll(recordChange.fields());
        return Outcome.done(recordChange.key(), "id" + recordChange.key());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aUniqueValueThatMovesToAnotherRowArrives(Case each) throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (no int primary key, name text, mail text unique deferrable initially deferred)",
                "insert into app.t values (1, 'one', 'a'), (2, 'two', 'b'), (3, 'three', 'c')");
        Sync sync = new Sync();
        sync.setName("rows");
        sync.setTable("app.t");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name", "mail", "Mail"));
        capture.start(List.of(sync));
        send(200);
        records.put("foreign", new TreeMap<>(Map.of("Mail", "foreign")));
        namesField = each.namesField();

        DATABASE.run("begin; " + String.join("; ", each.sql()) + "; commit");
        int calls = send(each.size());

        records.remove("foreign");
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).hasSize(each.dead());
        assertThat(calls).isLessThan(MAX_CALLS);
        if (each.dead() == 0) {
            assertThat(records.entrySet().stream()
                            .map(it -> it.getKey() + " " + it.getValue().get("Mail")))
                    .containsExactlyElementsOf(
                            DATABASE.texts("select no || ' ' || coalesce(mail, 'null') from app.t order by no::text"));
        } else {
            assertThat(records.get("2")).as("the old value stays").containsEntry("Mail", "b");
        }
    }

    private int send(int size) throws SQLException {
        int calls = 0;
        while (capture.drain("app.t") > 0
                || !DATABASE.texts("select 1 from sluice.outbox").isEmpty()) {
            Optional<Claim> claim = outbox.claim("crm", size, Priority.LOW);
            if (claim.isPresent()) {
                settlement.settle(
                        claim.get(),
                        claim.get().changes().stream().map(this::take).toList());
                calls++;
            }
            assertThat(calls).as("calls").isLessThan(MAX_CALLS);
        }
        return calls;
    }
}

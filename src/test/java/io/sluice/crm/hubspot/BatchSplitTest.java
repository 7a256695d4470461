// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchSplitTest {

    private static final HubspotAnswer SPOILT =
            new HubspotAnswer(400, "{\"category\":\"VALIDATION_ERROR\",\"message\":\"no\"}");

    private static List<RecordChange> records(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new RecordChange("K" + i, Operation.UPSERT, null, Map.of()))
                .toList();
    }

    private static BatchSplit creating(int count) {
        return new BatchSplit(new RecordBatch(records(count), true, ""));
    }

    /** Answers each call until none remains, and returns the number of calls. */
    private static int run(BatchSplit batchSplit, Function<String, HubspotAnswer> crm) {
        int calls = 0;
        for (; batchSplit.isMore(); calls++) {
            batchSplit.answered(crm.apply(batchSplit.next()));
        }
        return calls;
    }

    private static HubspotAnswer written(String body) {
        return new HubspotAnswer(
                201,
                "{\"results\":["
                        + IntStream.range(0, 1000)
                                .filter(i -> body.contains("\"K" + i + "\""))
                                .mapToObj(i -> "{\"id\":\"" + i + "\",\"objectWriteTraceId\":\"K" + i + "\"}")
                                .collect(Collectors.joining(","))
                        + "]}");
    }

    @Test
    void onlyTheBadRecordIsRejectedWhateverItsIndex() {
        for (int bad = 0; bad < 100; bad++) {
            String spoils = "\"K" + bad + "\"";
            BatchSplit batchSplit = creating(100);
            int calls = run(batchSplit, body -> body.contains(spoils) ? SPOILT : written(body));
            List<Outcome> outcomes = batchSplit.outcomes();
            assertThat(outcomes.stream().filter(outcome -> outcome.status() == Outcome.Status.DONE))
                    .hasSize(99);
            assertThat(outcomes.get(bad).status()).isEqualTo(Outcome.Status.REJECTED);
            assertThat(calls).isLessThanOrEqualTo(15);
        }
    }

    @Test
    void aListOfBadRecordsEndsSoonAndIsRetriedLater() {
        BatchSplit batchSplit = creating(100);
        assertThat(run(batchSplit, body -> SPOILT)).isLessThanOrEqualTo(2 * BatchSplit.MAX_SPLITS + 1);
        assertThat(batchSplit.outcomes())
                .hasSize(100)
                .doesNotContainNull()
                .extracting(Outcome::status)
                .contains(Outcome.Status.RETRY, Outcome.Status.REJECTED)
                .doesNotContain(Outcome.Status.DONE);
    }

    @Test
    void recordsThatTheErrorNamesAreSentApartFromTheOthers() {
        List<String> bodies = new ArrayList<>();
        BatchSplit batchSplit = creating(100);
        run(batchSplit, body -> {
            bodies.add(body);
            return bodies.size() > 1
                    ? written(body)
                    : new HubspotAnswer(
                            400,
                            "{\"category\":\"VALIDATION_ERROR\",\"message\":\"twice\",\"context\":{\"ids\":[\"K5\"]}}");
        });
        assertThat(bodies).hasSize(3);
        assertThat(bodies.get(1)).doesNotContain("\"K5\"").contains("\"K99\"");
        assertThat(bodies.get(2)).contains("\"K5\"").doesNotContain("\"K4\"");
        assertThat(batchSplit.outcomes()).allMatch(outcome -> outcome.status() == Outcome.Status.DONE);
    }

    @Test
    void aMissingAnswerStopsTheRestAndKeepsEarlierOutcomes() {
        BatchSplit batchSplit = creating(300);
        int[] calls = {0};
        assertThat(run(batchSplit, body -> ++calls[0] == 1 ? written(body) : new HubspotAnswer(0, "timed out")))
                .isEqualTo(2);
        assertThat(batchSplit.outcomes().subList(0, 100)).allMatch(outcome -> outcome.status() == Outcome.Status.DONE);
        assertThat(batchSplit.outcomes().subList(100, 300))
                .allMatch(outcome -> outcome.status() == Outcome.Status.RETRY);
    }

    @Test
    void pairsThatNoErrorNamesAreSentAgainInParts() {
        BatchSplit batchSplit = new BatchSplit(new AssociationPairs(
                List.of(
                        new AssociationPairs.Pair("a", "1", "2"),
                        new AssociationPairs.Pair("b", "1", "3"),
                        new AssociationPairs.Pair("c", "1", "4")),
                0,
                ""));
        int calls = run(
                batchSplit,
                body -> body.contains("\"3\"")
                        ? new HubspotAnswer(
                                207,
                                "{\"results\":[],\"errors\":[{\"category\":\"VALIDATION_ERROR\",\"message\":\"no\"}]}")
                        : new HubspotAnswer(
                                200,
                                "{\"results\":[{\"from\":{\"id\":\"1\"},\"to\":{\"id\":\"2\"}},"
                                        + "{\"fromObjectId\":1,\"toObjectId\":4}]}"));
        assertThat(calls).isEqualTo(5);
        assertThat(batchSplit.outcomes())
                .containsExactly(
                        Outcome.done("a", null),
                        Outcome.rejected("b", "VALIDATION_ERROR", "no"),
                        Outcome.done("c", null));
    }

    @Test
    void aPairThatNoAnswerNamesIsRetried() {
        BatchSplit batchSplit =
                new BatchSplit(new AssociationPairs(List.of(new AssociationPairs.Pair("a", "1", "2")), 0, ""));
        run(batchSplit, body -> new HubspotAnswer(200, "{\"results\":[]}"));
        assertThat(batchSplit.outcomes().get(0).code()).isEqualTo("NO_RESULT");
        BatchSplit page =
                new BatchSplit(new AssociationPairs(List.of(new AssociationPairs.Pair("a", "1", "2")), 0, ""));
        run(page, body -> new HubspotAnswer(200, "<html>"));
        assertThat(page.outcomes().get(0).status()).isEqualTo(Outcome.Status.RETRY);
    }

    @Test
    void aBodyThatIsNoListIsReported() {
        assertThatThrownBy(() ->
                        new RecordBatch(List.of(records(1).get(0), records(1).get(0)), true, ""))
                .hasMessageContaining("'K0' is twice");
        assertThatThrownBy(() -> AssociationPairs.pairs("x")).hasMessageContaining("A list of pairs");
        assertThatThrownBy(() -> AssociationPairs.pairs(null)).hasMessageContaining("nothing");
        assertThatThrownBy(() -> AssociationPairs.pairs(List.of(Map.of("from", "1"))))
                .hasMessageContaining("Pair 0 must be a map");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Splits a list into several calls: because it is longer than a batch, or because one bad record makes HubSpot reject
 * the whole batch. A rejected batch is sent again in two parts, the records that the error names apart from the others,
 * until the bad record is alone. If a call gets no answer, the remaining records are not sent.
 */
final class BatchSplit {

    /**
     * The maximum number of splits. Records that are still together then are retried later, so that one list can't use
     * up a day's calls.
     */
    static final int MAX_SPLITS = 30;

    private static final Set<Integer> WHOLE_BATCH_REJECTED = Set.of(400, 404, 409, 413);

    private final BatchWrite batchWrite;
    private final Outcome[] outcomes;
    private final Deque<List<Integer>> waiting = new ArrayDeque<>();
    private List<Integer> sent = List.of();
    private int splits;

    BatchSplit(BatchWrite batchWrite) {
        this.batchWrite = batchWrite;
        this.outcomes = new Outcome[batchWrite.size()];
        IntStream.range(0, batchWrite.size())
                .forEach(index -> outcomes[index] = batchWrite.rejection(index).orElse(null));
        Map<Boolean, List<Integer>> kinds = IntStream.range(0, batchWrite.size())
                .boxed()
                .filter(index -> outcomes[index] == null)
                .collect(Collectors.partitioningBy(batchWrite::kind));
        List.of(true, false).forEach(kind -> inCalls(kinds.get(kind)).forEach(waiting::addLast));
    }

    private List<List<Integer>> inCalls(List<Integer> indexes) {
        List<List<Integer>> calls = new ArrayList<>();
        for (int from = 0; from < indexes.size(); from += batchWrite.maxPerCall()) {
            calls.add(indexes.subList(from, Math.min(from + batchWrite.maxPerCall(), indexes.size())));
        }
        return calls;
    }

    boolean isMore() {
        return !waiting.isEmpty();
    }

    /** Starts the next call and returns its body. */
    String next() {
        sent = waiting.removeFirst();
        return batchWrite.body(sent);
    }

    /** Returns the number of records in the current call. */
    int sent() {
        return sent.size();
    }

    /** Takes the answer of the current call. */
    void answered(HubspotAnswer answer) {
        if (answer.ok()) {
            settle(batchWrite.outcomes(sent, answer));
            return;
        }
        boolean whole = WHOLE_BATCH_REJECTED.contains(answer.status());
        if (whole && sent.size() > 1 && splits < MAX_SPLITS) {
            split(sent, named(answer));
            return;
        }
        sent.forEach(index -> outcomes[index] = HubspotErrors.ofCall(batchWrite.key(index), answer, sent.size()));
        if (!whole) {
            stop(answer);
        }
    }

    private void settle(List<Outcome> results) {
        List<Integer> unresolved = new ArrayList<>();
        for (int i = 0; i < sent.size(); i++) {
            outcomes[sent.get(i)] = results.get(i);
            if (results.get(i) == null) {
                unresolved.add(sent.get(i));
            }
        }
        if (sent.size() > 1 && splits < MAX_SPLITS) {
            if (!unresolved.isEmpty()) {
                split(unresolved, Set.of());
            }
            return;
        }
        unresolved.forEach(index -> outcomes[index] = Outcome.noResult(batchWrite.key(index)));
    }

    /**
     * Splits a batch in two: the records that the error names, and the others. If the error names none or all of them,
     * the batch is halved.
     */
    private void split(List<Integer> together, Set<String> ids) {
        splits++;
        Map<Boolean, List<Integer>> named =
                together.stream().collect(Collectors.partitioningBy(index -> batchWrite.isNamed(index, ids)));
        List<Integer> one = named.get(false);
        List<Integer> other = named.get(true);
        if (one.isEmpty() || other.isEmpty()) {
            one = together.subList(0, (together.size() + 1) / 2);
            other = together.subList((together.size() + 1) / 2, together.size());
        }
        if (!other.isEmpty()) {
            waiting.addFirst(other);
        }
        waiting.addFirst(one);
    }

    private static Set<String> named(HubspotAnswer answer) {
        Set<String> ids = new HashSet<>();
        answer.json().ifPresent(error -> error.path("context")
                .forEach(values -> values.forEach(id -> ids.add(id.asText()))));
        return ids;
    }

    private void stop(HubspotAnswer answer) {
        waiting.forEach(part -> part.forEach(index -> outcomes[index] = Outcome.retry(
                batchWrite.key(index), answer.code(), "not sent, because the previous call got: " + answer.message())));
        waiting.clear();
    }

    /** Returns the outcomes in the order of the records. */
    List<Outcome> outcomes() {
        return Arrays.asList(outcomes);
    }
}

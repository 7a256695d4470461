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
 * A list that takes several calls: since it is longer than a batch, or since one record in it makes HubSpot refuse all
 * of a batch. What is refused is sent again in two parts, those that the error names apart from the others, until the bad
 * record is alone. Where no answer is to be had, the rest is not sent at all.
 */
final class BatchSplit {

    /** How often a list is parted; what is still together then is left for later, so that no list spends a day's calls. */
    static final int MOST_SPLITS = 30;

    private static final Set<Integer> REFUSED_AS_A_WHOLE = Set.of(400, 404, 409, 413);

    private final BatchWrite batchWrite;
    private final Outcome[] outcomes;
    private final Deque<List<Integer>> waiting = new ArrayDeque<>();
    private List<Integer> sent = List.of();
    private int splits;

    BatchSplit(BatchWrite batchWrite) {
        this.batchWrite = batchWrite;
        this.outcomes = new Outcome[batchWrite.size()];
        IntStream.range(0, batchWrite.size()).forEach(place -> outcomes[place] = batchWrite.unfit(place).orElse(null));
        Map<Boolean, List<Integer>> kinds = IntStream.range(0, batchWrite.size()).boxed()
                .filter(place -> outcomes[place] == null).collect(Collectors.partitioningBy(batchWrite::kind));
        List.of(true, false).forEach(kind -> inCalls(kinds.get(kind)).forEach(waiting::addLast));
    }

    private List<List<Integer>> inCalls(List<Integer> places) {
        List<List<Integer>> calls = new ArrayList<>();
        for (int from = 0; from < places.size(); from += batchWrite.most()) {
            calls.add(places.subList(from, Math.min(from + batchWrite.most(), places.size())));
        }
        return calls;
    }

    boolean isMore() {
        return !waiting.isEmpty();
    }

    /** The body of the next call. */
    String next() {
        sent = waiting.removeFirst();
        return batchWrite.body(sent);
    }

    /** How many records the call carries that was last begun. */
    int sent() {
        return sent.size();
    }

    /** Takes the answer of the call that was last begun. */
    void answered(HubspotAnswer answer) {
        if (answer.ok()) {
            settle(batchWrite.outcomes(sent, answer));
            return;
        }
        boolean whole = REFUSED_AS_A_WHOLE.contains(answer.status());
        if (whole && sent.size() > 1 && splits < MOST_SPLITS) {
            part(sent, named(answer));
            return;
        }
        sent.forEach(place -> outcomes[place] = HubspotErrors.ofCall(batchWrite.key(place), answer, sent.size()));
        if (!whole) {
            stop(answer);
        }
    }

    private void settle(List<Outcome> told) {
        List<Integer> untold = new ArrayList<>();
        for (int i = 0; i < sent.size(); i++) {
            outcomes[sent.get(i)] = told.get(i);
            if (told.get(i) == null) {
                untold.add(sent.get(i));
            }
        }
        if (sent.size() > 1 && splits < MOST_SPLITS) {
            if (!untold.isEmpty()) {
                part(untold, Set.of());
            }
            return;
        }
        untold.forEach(place -> outcomes[place] = Outcome.noResult(batchWrite.key(place)));
    }

    /** Those that the error names go apart from the others; where it names none or all of them, half goes and half. */
    private void part(List<Integer> together, Set<String> ids) {
        splits++;
        Map<Boolean, List<Integer>> named = together.stream()
                .collect(Collectors.partitioningBy(place -> batchWrite.isNamed(place, ids)));
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
        answer.json().ifPresent(error -> error.path("context").forEach(values -> values.forEach(id -> ids.add(id.asText()))));
        return ids;
    }

    private void stop(HubspotAnswer answer) {
        waiting.forEach(part -> part.forEach(place -> outcomes[place] = Outcome.retry(batchWrite.key(place), answer.code(),
                "it was not sent, since the call before it got: " + answer.message())));
        waiting.clear();
    }

    /** In the order of the records. */
    List<Outcome> outcomes() {
        return Arrays.asList(outcomes);
    }
}

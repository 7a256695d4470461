// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Outcome;
import io.sluice.store.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Associates pairs of records ("Associations v4").
 *
 * @param type     the number of the association type; 0 for the association without a label
 * @param category the owner of the type: {@code HUBSPOT_DEFINED} or {@code USER_DEFINED}
 */
record AssociationPairs(List<Pair> pairs, int type, String category) implements BatchWrite {

    /** A call takes up to 2,000 pairs ("Batch create"). */
    static final int MAX_PER_CALL = 2_000;

    /**
     * @param key  the key of the pair's outcome
     * @param from HubSpot's id of the record
     * @param to   HubSpot's id of the associated record
     */
    record Pair(String key, String from, String to) {}

    /**
     * Reads the pairs of a message.
     *
     * @param body a list of maps with {@code from} and {@code to}, HubSpot's ids, and an optional {@code key}
     * @throws IllegalArgumentException naming the entry that has another shape
     */
    static List<Pair> pairs(Object body) {
        if (!(body instanceof Iterable<?> entries)) {
            throw new IllegalArgumentException("A list of pairs with from and to is needed, but the body is "
                    + (body == null ? "nothing" : body.getClass().getName()));
        }
        List<Pair> pairs = new ArrayList<>();
        for (Object entry : entries) {
            if (!(entry instanceof Map<?, ?> map) || map.get("from") == null || map.get("to") == null) {
                throw new IllegalArgumentException("Pair " + pairs.size()
                        + " must be a map with from and to, HubSpot's ids of" + " the two records");
            }
            String from = map.get("from").toString();
            String to = map.get("to").toString();
            pairs.add(new Pair(
                    map.get("key") == null ? from + "/" + to : map.get("key").toString(), from, to));
        }
        return pairs;
    }

    @Override
    public int size() {
        return pairs.size();
    }

    @Override
    public int maxPerCall() {
        return MAX_PER_CALL;
    }

    @Override
    public String key(int index) {
        return pairs.get(index).key;
    }

    @Override
    public String body(List<Integer> part) {
        List<Map<String, Object>> inputs = new ArrayList<>();
        for (int index : part) {
            Map<String, Object> input = new LinkedHashMap<>();
            input.put("from", Map.of("id", pairs.get(index).from));
            input.put("to", Map.of("id", pairs.get(index).to));
            if (type != 0) {
                input.put("types", List.of(Map.of("associationCategory", category, "associationTypeId", type)));
            }
            inputs.add(input);
        }
        return Json.text(Map.of("inputs", inputs));
    }

    @Override
    public List<Outcome> outcomes(List<Integer> part, HubspotAnswer answer) {
        JsonNode json = answer.json().orElse(null);
        if (json == null) {
            return part.stream().map(index -> Outcome.noResult(key(index))).toList();
        }
        Set<String> created = new HashSet<>();
        json.path("results")
                .forEach(result ->
                        created.add(id(result, "fromObjectId", "from") + "/" + id(result, "toObjectId", "to")));
        List<Outcome> outcomes = new ArrayList<>();
        for (int index : part) {
            Pair pair = pairs.get(index);
            outcomes.add(
                    created.contains(pair.from + "/" + pair.to)
                            ? Outcome.done(pair.key, null)
                            : failed(pair, json.path("errors"), part.size()));
        }
        return outcomes;
    }

    private static String id(JsonNode result, String name, String end) {
        return result.has(name)
                ? result.path(name).asText()
                : result.path(end).path("id").asText();
    }

    /** Returns the outcome of a pair that the answer does not list as created; null where no error names the pair. */
    private static Outcome failed(Pair pair, JsonNode errors, int sent) {
        for (JsonNode error : errors) {
            if (sent == 1 || concerns(error.path("context"), pair)) {
                List<String> texts =
                        new ArrayList<>(List.of(error.path("message").asText()));
                error.path("context").path("INVALID_OBJECT_IDS").forEach(id -> texts.add(id.asText()));
                return HubspotErrors.outcome(
                        pair.key,
                        error.path("category").asText("ERROR"),
                        HubspotAnswer.shortened(String.join(": ", texts)));
            }
        }
        return null;
    }

    private static boolean concerns(JsonNode context, Pair pair) {
        Set<String> froms = texts(context.path("fromObjectId"));
        Set<String> tos = texts(context.path("toObjectId"));
        if (!froms.isEmpty() || !tos.isEmpty()) {
            return (froms.isEmpty() || froms.contains(pair.from)) && (tos.isEmpty() || tos.contains(pair.to));
        }
        Set<String> ids = texts(context.path("objectId"));
        return ids.contains(pair.from) || ids.contains(pair.to);
    }

    private static Set<String> texts(JsonNode values) {
        Set<String> texts = new HashSet<>();
        values.forEach(value -> texts.add(value.asText()));
        return texts;
    }

    @Override
    public boolean isNamed(int index, Set<String> ids) {
        return ids.contains(pairs.get(index).from) || ids.contains(pairs.get(index).to);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves {@code /composite/graph}: independent composites, each of them atomic ("Composite Graph Limits", <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_graph_limits.htm">REST
 * API Developer Guide</a>). The call counts once. The status is always 200; a call that exceeds a limit is 400 and does
 * nothing. The guide does not document the error codes of its limits; these are guesses.
 */
final class Graphs {

    private static final int MOST_GRAPHS = 75;
    private static final int MOST_NODES = 500;
    private static final int MOST_KINDS = 15;
    private static final int DEEPEST = 15;
    private static final int MOST_FAILURES = 14;
    /** Version and object of the only addresses that a graph takes: one record each. */
    private static final Pattern NODE = Pattern.compile(
            "/services/data/(v\\d+\\.\\d)/sobjects/([A-Za-z0-9_]+)/?(?:[^/?]+(?:/[^/?]+)?)?/?(?:\\?.*)?");

    private final Composite composite;

    Graphs(Composite composite) {
        this.composite = composite;
    }

    Answer run(ApiCall call, Request.Attempt attempt) {
        JsonNode graphs = call.body().json().path("graphs");
        check(graphs);
        ObjectNode answer = Answers.JSON.createObjectNode();
        ArrayNode answers = answer.putArray("graphs");
        int failures = 0;
        for (JsonNode graph : graphs) {
            JsonNode calls = graph.path("compositeRequest");
            List<Composite.Part> parts =
                    failures > MOST_FAILURES ? halted(calls) : composite.together(call, calls, attempt);
            boolean successful = parts.stream().noneMatch(Composite.Part::failed);
            failures += successful ? 0 : 1;
            ObjectNode one = answers.addObject();
            one.set("graphId", graph.path("graphId"));
            one.putObject("graphResponse").set("compositeResponse", Composite.json(parts));
            one.put("isSuccessful", successful);
        }
        return Answers.json(200, answer);
    }

    private static List<Composite.Part> halted(JsonNode calls) {
        List<Composite.Part> parts = new ArrayList<>();
        calls.forEach(one -> parts.add(Composite.halted(one)));
        return parts;
    }

    private static void check(JsonNode graphs) {
        if (!graphs.isArray() || graphs.isEmpty()) {
            throw new RefusedException("JSON_PARSER_ERROR", "The graphs property is required");
        }
        limit("graphs in one payload", graphs.size(), MOST_GRAPHS);
        Set<String> ids = new HashSet<>();
        Set<String> kinds = new HashSet<>();
        int nodes = 0;
        for (JsonNode graph : graphs) {
            String id = graph.path("graphId").asText();
            if (!id.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,39}") || !ids.add(id)) {
                throw new RefusedException(
                        "INVALID_INPUT",
                        "Each graph needs a graphId of its own of at most 40 " + "letters, digits, '-' and '_'");
            }
            JsonNode calls = graph.path("compositeRequest");
            if (!calls.isArray() || calls.isEmpty()) {
                throw new RefusedException("JSON_PARSER_ERROR", "The compositeRequest property is required");
            }
            nodes += calls.size();
            limit("nodes in one payload", nodes, MOST_NODES);
            calls.forEach(one -> kinds.add(kind(one)));
            checkDepth(calls);
        }
        limit("different nodes in one payload", kinds.size(), MOST_KINDS);
    }

    private static String kind(JsonNode one) {
        Composite.checkReference(one);
        Matcher node = NODE.matcher(one.path("url").asText());
        if (!node.matches()) {
            throw new RefusedException(
                    "INVALID_INPUT",
                    "A graph takes sObject rows alone, not " + one.path("url").asText());
        }
        return (node.group(1) + ' ' + one.path("method").asText() + ' ' + node.group(2)).toLowerCase(Locale.ROOT);
    }

    /** Checks the depth. A part refers to earlier ones only, so one pass is enough. */
    private static void checkDepth(JsonNode calls) {
        Map<String, Integer> depths = new HashMap<>();
        for (JsonNode one : calls) {
            int depth = 1
                    + Composite.references(one).stream()
                            .mapToInt(name -> depths.getOrDefault(name, 0))
                            .max()
                            .orElse(0);
            limit("levels of a graph", depth, DEEPEST);
            depths.put(one.path("referenceId").asText(), depth);
        }
    }

    private static void limit(String what, int number, int most) {
        if (number > most) {
            throw new RefusedException("LIMIT_EXCEEDED", "Limit on " + what + " exceeded; the limit is " + most);
        }
    }
}

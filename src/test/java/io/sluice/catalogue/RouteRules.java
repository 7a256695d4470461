// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The canonical form that Kaoto opens and a reader finds their way in. A sentence per violation: file, rule, finding. */
final class RouteRules {

    /** Parts of a step that are steps themselves, with an id of their own. */
    private static final Set<String> BRANCHES = Set.of("when", "otherwise", "doCatch", "doFinally", "onFallback");

    private static final Set<String> VERBS = Set.of("get", "head", "post", "put", "patch", "delete");

    private final String file;
    private final Map<String, String> ids;
    private final List<String> problems = new ArrayList<>();

    private RouteRules(String file, Map<String, String> ids) {
        this.file = file;
        this.ids = ids;
    }

    /**
     * The problems of a route file.
     *
     * @param ids every id met so far and its file; those of this file are added
     */
    static List<String> ofRoutes(String file, String text, Map<String, String> ids) {
        RouteRules rules = new RouteRules(file, ids);
        rules.path();
        try {
            rules.entries(Yaml.read(text));
        } catch (JsonProcessingException broken) {
            rules.broken("is YAML", broken.getOriginalMessage());
        }
        return rules.problems;
    }

    /** The problems of a Kamelet's template: its ids are its own, for Camel sets the Kamelet's name before them. */
    static List<String> ofTemplate(String file, JsonNode template, Map<String, String> ids) {
        RouteRules rules = new RouteRules(file, ids);
        JsonNode from = template.has("route") ? template.path("route").path("from") : template.path("from");
        rules.steps(from.path("steps"));
        return rules.problems;
    }

    private void broken(String rule, String finding) {
        problems.add(file + ": " + rule + ": " + finding);
    }

    private void path() {
        if (file.contains(".kamelet")) {
            broken("no .kamelet in the path of a route file", "an editor would take it for a Kamelet");
        }
    }

    private void entries(JsonNode entries) {
        if (!entries.isArray()) {
            broken("is a list", "found " + entries.getNodeType());
            return;
        }
        entries.forEach(entry -> {
            if (entry.has("from")) {
                broken("no top-level from", "write route: {id, description, from}");
            }
            if (entry.has("rest")) {
                rest(entry.path("rest"));
            }
            if (entry.has("route")) {
                JsonNode route = entry.path("route");
                id("route", route);
                if (route.path("description").asText().isBlank()) {
                    broken(
                            "routes have a description",
                            "route '" + route.path("id").asText() + "' has none");
                }
                id("from of route '" + route.path("id").asText() + "'", route.path("from"));
                steps(route.path("from").path("steps"));
            }
        });
    }

    private void rest(JsonNode rest) {
        id("rest", rest);
        rest.properties().stream().filter(verb -> VERBS.contains(verb.getKey())).forEach(verb -> verb.getValue()
                .forEach(operation -> id(verb.getKey(), operation)));
    }

    private void steps(JsonNode steps) {
        steps.forEach(step -> step.properties().forEach(one -> step(one.getKey(), one.getValue())));
    }

    private void step(String kind, JsonNode step) {
        id(kind, step);
        steps(step.path("steps"));
        for (String branch : BRANCHES) {
            JsonNode found = step.path(branch);
            if (found.isArray()) {
                found.forEach(one -> step(branch, one));
            } else if (found.isObject()) {
                step(branch, found);
            }
        }
    }

    private void id(String kind, JsonNode node) {
        String id = node.path("id").asText();
        if (id.isBlank()) {
            broken("steps have an id", kind + " has none: " + abbreviated(node.toString()));
            return;
        }
        String other = ids.putIfAbsent(id, file);
        if (other != null) {
            broken("ids are unique", "'" + id + "' stands in " + other + " too");
        }
    }

    private static String abbreviated(String text) {
        return text.length() > 80 ? text.substring(0, 80) + "..." : text;
    }
}

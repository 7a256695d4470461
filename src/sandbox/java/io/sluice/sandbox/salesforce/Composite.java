// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Transaction;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Serves {@code /composite}: up to 25 calls in one, in order, which may refer to earlier answers by {@code
 * @{reference.field}} (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm">Composite</a>).
 * The status is always 200; with {@code allOrNone} one failure rolls all back. A call that refers to a failed one is
 * PROCESSING_HALTED.
 */
final class Composite {

    /** Operation by which faults name a part. */
    static final String PART = "compositePart";

    private static final int MOST_CALLS = 25;
    private static final int MOST_QUERIES_AND_COLLECTIONS = 5;
    private static final Pattern REFERENCE = Pattern.compile("@\\{([A-Za-z0-9_]+)([.\\[][^}]*)?}");

    private final Resources resources;

    Composite(Resources resources) {
        this.resources = resources;
    }

    /** Holds the answer of one part. */
    record Part(String reference, int status, JsonNode body, Map<String, String> headers) {

        boolean failed() {
            return status >= 400;
        }

        ObjectNode toJson() {
            ObjectNode node = Answers.JSON.createObjectNode();
            node.set("body", body);
            node.set("httpHeaders", Answers.JSON.valueToTree(headers));
            return node.put("httpStatusCode", status).put("referenceId", reference);
        }
    }

    Answer run(ApiCall call, Request.Attempt attempt) {
        JsonNode body = call.body().json();
        JsonNode calls = body.path("compositeRequest");
        check(calls);
        List<Part> parts =
                body.path("allOrNone").asBoolean() ? together(call, calls, attempt) : eachAlone(call, calls, attempt);
        ObjectNode answer = Answers.JSON.createObjectNode();
        answer.set("compositeResponse", json(parts));
        return Answers.json(200, answer);
    }

    /**
     * Runs each part in its own transaction. From version 49 on, parts that do not refer to each other may run in any
     * order unless {@code collateSubrequests} is false ("Composite Request Body" in the REST API Developer Guide): here
     * reads run after writes.
     */
    private List<Part> eachAlone(ApiCall call, JsonNode calls, Request.Attempt attempt) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            order.add(i);
        }
        if (collates(call) && references(calls).isEmpty()) {
            order.sort(Comparator.comparing(
                    i -> calls.get(i).path("method").asText().equals("GET")));
        }
        Part[] answered = new Part[calls.size()];
        List<Part> parts = new ArrayList<>();
        order.forEach(i -> {
            answered[i] = part(call, calls.get(i), parts, attempt);
            parts.add(answered[i]);
        });
        return List.of(answered);
    }

    private static boolean collates(ApiCall call) {
        return call.body().json().path("collateSubrequests").asBoolean(true)
                && Double.parseDouble(call.version().replace("v", "")) >= 49;
    }

    /** Runs the calls in one transaction, which the first failure rolls back. */
    List<Part> together(ApiCall call, JsonNode calls, Request.Attempt attempt) {
        List<Part> parts = new ArrayList<>();
        try (Transaction transaction = call.store().begin()) {
            ApiCall within = within(call, transaction);
            calls.forEach(one ->
                    parts.add(parts.stream().anyMatch(Part::failed) ? halted(one) : part(within, one, parts, attempt)));
            if (parts.stream().noneMatch(Part::failed)) {
                attempt.commit(transaction);
            } else {
                parts.replaceAll(part -> part.failed() ? part : rolledBack(part));
            }
        }
        return parts;
    }

    static ArrayNode json(List<Part> parts) {
        ArrayNode array = Answers.JSON.createArrayNode();
        parts.forEach(part -> array.add(part.toJson()));
        return array;
    }

    private static void check(JsonNode calls) {
        if (!calls.isArray() || calls.isEmpty()) {
            throw new RefusedException("JSON_PARSER_ERROR", "The compositeRequest property is required");
        }
        if (calls.size() > MOST_CALLS) {
            throw new RefusedException(
                    "LIMIT_EXCEEDED", "Limit on number of operations exceeded; the limit is " + MOST_CALLS);
        }
        long large = 0;
        for (JsonNode one : calls) {
            String url = one.path("url").asText();
            large += url.contains("/query") || url.contains("/composite/sobjects") ? 1 : 0;
            checkReference(one);
        }
        if (large > MOST_QUERIES_AND_COLLECTIONS) {
            throw new RefusedException(
                    "LIMIT_EXCEEDED",
                    "Limit on queries and collections exceeded; the limit is " + MOST_QUERIES_AND_COLLECTIONS);
        }
    }

    static void checkReference(JsonNode one) {
        if (!one.path("referenceId").asText().matches("[A-Za-z0-9_]+")) {
            throw new RefusedException("INVALID_INPUT", "Each part needs a referenceId of letters, digits and '_'");
        }
    }

    /** Finds the references of a part to others, by their ids. */
    static Set<String> references(JsonNode one) {
        return REFERENCE
                .matcher(one.toString())
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    private Part part(ApiCall outer, JsonNode one, List<Part> earlier, Request.Attempt attempt) {
        String reference = one.path("referenceId").asText();
        JsonNode resolved;
        try {
            resolved = resolved(one, earlier);
        } catch (RefusedException e) {
            return failed(reference, e.error());
        }
        ApiCall call = inner(outer, resolved);
        Answer answer = call == null ? Answers.error(SalesforceError.notFound()) : answer(call, attempt);
        try {
            return new Part(reference, answer.status(), json(answer), answer.headers());
        } catch (IOException e) {
            throw new IllegalStateException("A part's answer is JSON.", e);
        }
    }

    /** Answers a part, or what faults that name parts make of it. */
    private Answer answer(ApiCall call, Request.Attempt attempt) {
        String named = resources.route(call.method(), call.rest()).object();
        String object = named != null
                ? named
                : call.method().equals("PATCH") ? typeOf(call.body().json().path("records")) : null;
        if (object == null) {
            return resources.answer(call, attempt);
        }
        Optional<Fault> replaced = strike(call, object, Fault.Kind.ANSWER);
        if (replaced.isPresent() && replaced.get().when() == Fault.When.BEFORE) {
            return SalesforceProtocol.answerOf(replaced.get());
        }
        Answer answer = resources.answer(call, attempt);
        return replaced.map(SalesforceProtocol::answerOf).orElseGet(() -> strike(call, object, Fault.Kind.RESULTS)
                .map(fault -> ChangedResults.of(answer, fault))
                .orElse(answer));
    }

    /**
     * Finds the object of a collection that is written by ids, whose address names none; null when it has several or
     * none.
     */
    private static String typeOf(JsonNode records) {
        Set<String> types = new HashSet<>();
        records.forEach(
                record -> types.add(record.path("attributes").path("type").asText()));
        return types.size() == 1 ? types.iterator().next() : null;
    }

    private static Optional<Fault> strike(ApiCall call, String object, Fault.Kind kind) {
        return call.account().faults().strikeWork(kind, PART, object, true);
    }

    /** Reads a part's answer as JSON, null when it is empty. */
    static JsonNode json(Answer answer) throws IOException {
        return answer.body().length == 0 ? Answers.JSON.nullNode() : Answers.JSON.readTree(answer.body());
    }

    /** Builds the call of a part, or null when a composite does not take its address. */
    static ApiCall inner(ApiCall outer, JsonNode one) {
        return inner(outer, one.path("method").asText("GET"), one.path("url").asText(), one.path("body"));
    }

    static ApiCall inner(ApiCall outer, String method, String url, JsonNode body) {
        int mark = url.indexOf('?');
        String path = mark < 0 ? url : url.substring(0, mark);
        List<String> segments = Call.segments(path);
        if (segments.size() < 4
                || !"services".equals(segments.get(0))
                || !"data".equals(segments.get(1))
                || "jobs".equals(segments.get(3))) {
            return null;
        }
        Map<String, String> query = new HashMap<>();
        if (mark >= 0) {
            for (String pair : url.substring(mark + 1).split("&")) {
                String[] sides = pair.split("=", 2);
                query.put(sides[0], sides.length < 2 ? "" : URLDecoder.decode(sides[1], StandardCharsets.UTF_8));
            }
        }
        return new ApiCall(
                outer.account(),
                method,
                segments.get(2),
                segments.subList(3, segments.size()),
                query,
                outer.headers(),
                new ApiCall.Body(body),
                outer.origin(),
                outer.transaction());
    }

    private static ApiCall within(ApiCall call, Transaction transaction) {
        return new ApiCall(
                call.account(),
                call.method(),
                call.version(),
                call.rest(),
                call.query(),
                call.headers(),
                call.body(),
                call.origin(),
                transaction);
    }

    /** Replaces the references of a part; PROCESSING_HALTED when one leads to a failed or unknown part. */
    private static JsonNode resolved(JsonNode one, List<Part> earlier) {
        String text = one.toString();
        Matcher matcher = REFERENCE.matcher(text);
        StringBuilder replaced = new StringBuilder();
        while (matcher.find()) {
            String name = matcher.group(1);
            Part part = earlier.stream()
                    .filter(p -> p.reference().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new RefusedException(
                            "PROCESSING_HALTED",
                            "Invalid reference specified. No value for " + name + " found in the composite request"));
            if (part.failed()) {
                throw new RefusedException(
                        "PROCESSING_HALTED",
                        "The transaction was rolled back since another operation in the same transaction failed.");
            }
            JsonNode value = part.body().at(pointer(matcher.group(2)));
            if (value.isMissingNode() || value.isNull()) {
                throw new RefusedException(
                        "PROCESSING_HALTED",
                        "Invalid reference specified. No value for "
                                + matcher.group().replaceAll("[@{}]", "") + " found in " + name);
            }
            String quoted =
                    Answers.JSON.getNodeFactory().textNode(value.asText()).toString();
            matcher.appendReplacement(replaced, Matcher.quoteReplacement(quoted.substring(1, quoted.length() - 1)));
        }
        matcher.appendTail(replaced);
        try {
            return Answers.JSON.readTree(replaced.toString());
        } catch (IOException e) {
            throw new IllegalStateException("A part stays JSON when its references are replaced.", e);
        }
    }

    private static String pointer(String path) {
        return path == null ? "" : path.replaceAll("\\[(\\d+)]", "/$1").replace('.', '/');
    }

    static Part halted(JsonNode one) {
        return failed(
                one.path("referenceId").asText(),
                SalesforceError.of(
                        "PROCESSING_HALTED",
                        "The transaction was rolled back since another operation in the same transaction failed."));
    }

    private static Part rolledBack(Part part) {
        return failed(
                part.reference(),
                SalesforceError.of(
                        "PROCESSING_HALTED",
                        "The transaction was rolled back since another operation in the same transaction failed."));
    }

    private static Part failed(String reference, SalesforceError error) {
        ArrayNode body = Answers.JSON.createArrayNode();
        body.addObject().put("errorCode", error.code()).put("message", error.message());
        return new Part(reference, 400, body, Map.of());
    }
}

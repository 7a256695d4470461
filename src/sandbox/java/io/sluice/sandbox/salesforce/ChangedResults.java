// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.ResultsChange;
import io.sluice.sandbox.store.RecordIds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Applies a fault of kind {@code results} to Salesforce's answers: the rows of a collection, the records of a query, a
 * list of jobs, the parts of a composite, deleted ids, the rows of a bulk result, and the {@code result} elements of
 * SOAP.
 */
final class ChangedResults {

    private static final List<String> LISTS =
            List.of("records", "compositeResponse", "results", "deletedRecords", "ids", "graphs", "sobjects", "fields");
    private static final Pattern SOAP_RESULT =
            Pattern.compile("<result>.*?</result>|<result [^>]*>.*?</result>", Pattern.DOTALL);
    private static final String CREATED = "sf__Created";
    private static final String ID = "sf__Id";

    private final ResultsChange change;

    private ChangedResults(Fault fault) {
        this.change = new ResultsChange(fault);
    }

    static Answer of(Answer answer, Fault fault) {
        ChangedResults changed = new ChangedResults(fault);
        if (changed.change.html()) {
            return Answer.text(answer.status(), "text/html;charset=UTF-8", ResultsChange.PAGE);
        }
        String type = String.valueOf(answer.contentType());
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        if (type.startsWith("text/csv")) {
            return answer.with(changed.csv(text).getBytes(StandardCharsets.UTF_8));
        }
        if (type.startsWith("text/xml")) {
            return answer.with(changed.soap(text).getBytes(StandardCharsets.UTF_8));
        }
        if (text.isEmpty() || !type.startsWith("application/json")) {
            return answer; // another fault's page has no results
        }
        try {
            return answer.with(Answers.JSON.writeValueAsBytes(changed.json(Answers.JSON.readTree(text))));
        } catch (IOException e) {
            throw new IllegalStateException("An answer of this type is JSON.", e);
        }
    }

    private JsonNode json(JsonNode body) {
        if (body.isArray()) {
            return list((ArrayNode) body);
        }
        Optional<String> list =
                LISTS.stream().filter(name -> body.path(name).isArray()).findFirst();
        if (list.isPresent()) {
            ((ObjectNode) body).set(list.get(), list((ArrayNode) body.path(list.get())));
            return body;
        }
        // one record's own result
        ArrayNode alone = list(Answers.JSON.createArrayNode().add(body));
        return alone.isEmpty() ? Answers.JSON.createObjectNode() : alone.get(0);
    }

    private ArrayNode list(ArrayNode results) {
        List<JsonNode> rows = new ArrayList<>();
        results.forEach(row -> rows.add(one(row, rows.size())));
        ArrayNode changed = Answers.JSON.createArrayNode();
        change.changed(rows, row -> withOtherId(row.deepCopy())).forEach(changed::add);
        return changed;
    }

    private JsonNode one(JsonNode result, int place) {
        if (place < change.errors() && result.path("success").asBoolean()) {
            return Outcome.Rejected.because(change.errorCode("UNKNOWN_EXCEPTION"), change.message())
                    .toJson(false);
        }
        if (result.isObject() && change.created() != null && result.has("success")) {
            ((ObjectNode) result).put("created", change.created());
        }
        return change.otherId() ? withOtherId(result) : result;
    }

    private static JsonNode withOtherId(JsonNode result) {
        if (result.isTextual()) {
            return Answers.JSON.getNodeFactory().textNode(otherId(result.asText()));
        }
        for (String name : List.of("id", "Id")) {
            if (result.path(name).isTextual()) {
                ((ObjectNode) result).put(name, otherId(result.path(name).asText()));
            }
        }
        if (result.path("referenceId").isTextual()) {
            ((ObjectNode) result).put("referenceId", result.path("referenceId").asText() + "x");
        }
        return result;
    }

    /** Answers a well-formed id that no record of the object has. */
    static String otherId(String id) {
        return RecordIds.isWellFormed(id) ? RecordIds.full(id.substring(0, 6) + "zz" + id.substring(8, 15)) : id + "x";
    }

    private String csv(String text) {
        List<List<String>> rows = rows(text);
        if (rows.isEmpty()) {
            return text;
        }
        List<String> header = rows.get(0);
        int created = header.indexOf(CREATED);
        int id = Math.max(header.indexOf(ID), header.indexOf("Id"));
        List<List<String>> results = rows.subList(1, rows.size());
        for (List<String> row : results) {
            if (created >= 0 && change.created() != null) {
                row.set(created, String.valueOf(change.created()));
            }
            if (id >= 0 && change.otherId()) {
                row.set(id, otherId(row.get(id)));
            }
        }
        List<List<String>> all = new ArrayList<>(List.of(header));
        all.addAll(change.changed(results, row -> {
            List<String> other = new ArrayList<>(row);
            other.replaceAll(
                    value -> value.isEmpty() ? value : RecordIds.isWellFormed(value) ? otherId(value) : value + "x");
            return other;
        }));
        return all.stream()
                .map(row -> row.stream()
                                .map(value -> '"' + value.replace("\"", "\"\"") + '"')
                                .collect(Collectors.joining(","))
                        + "\n")
                .collect(Collectors.joining());
    }

    private static List<List<String>> rows(String csv) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder value = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < csv.length(); i++) {
            char c = csv.charAt(i);
            if (c == '"') {
                if (quoted && i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
                    value.append(csv.charAt(++i));
                } else {
                    quoted = !quoted;
                }
            } else if (quoted || c != ',' && c != '\n' && c != '\r') {
                value.append(c);
            } else if (c != '\r') {
                row.add(value.toString());
                value.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            }
        }
        if (value.length() > 0 || !row.isEmpty()) {
            row.add(value.toString());
            rows.add(row);
        }
        return rows;
    }

    private String soap(String envelope) {
        Matcher matcher = SOAP_RESULT.matcher(envelope);
        List<String> results = new ArrayList<>();
        int begin = -1;
        int end = 0;
        while (matcher.find()) {
            begin = begin < 0 ? matcher.start() : begin;
            end = matcher.end();
            results.add(change.otherId() ? withOtherSoapId(matcher.group()) : matcher.group());
        }
        return begin < 0
                ? envelope
                : envelope.substring(0, begin)
                        + String.join("", change.changed(results, ChangedResults::withOtherSoapId))
                        + envelope.substring(end);
    }

    private static String withOtherSoapId(String result) {
        return Pattern.compile("(?<=<id>)[^<]+(?=</id>)").matcher(result).replaceAll(found -> otherId(found.group()));
    }
}

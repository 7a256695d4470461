// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Operation;
import io.sluice.RecordChange;
import io.sluice.capture.Column;
import io.sluice.crm.ObjectShape.Kind;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Checks each type of column with each type of field of both CRMs: values that {@link Compatibility} allows are accepted by
 * the sandbox and mean the same there; values that it rejects are not accepted, or would mean something else.
 */
class CompatibilityMatrixTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** A type, as {@link Column#type()} has it, with the SQL of a value that a row may well have. */
    private static final Map<String, String> COLUMNS = columns();

    private static Map<String, String> columns() {
        Map<String, String> columns = new LinkedHashMap<>();
        columns.put("bool", "true");
        columns.put("int2", "7");
        columns.put("int4", "70000");
        columns.put("int8", "70001");
        columns.put("numeric", "12.5");
        columns.put("float4", "0.5");
        columns.put("float8", "1234567.25");
        columns.put("date", "'2026-03-29'");
        columns.put("timestamp", "'2026-03-29 23:30:00'");
        columns.put("timestamptz", "'2026-03-29 23:30:00+00'");
        columns.put("time", "'10:15:30'");
        columns.put("timetz", "'10:15:30+02'");
        columns.put("uuid", "'0190163d-8694-739b-aea5-966c26f8ad90'");
        columns.put("text", "'Ann'");
        columns.put("varchar", "'Ann'");
        columns.put("bpchar", "'Ann'");
        columns.put("name", "'Ann'");
        columns.put("inet", "'10.0.0.1'");
        columns.put("cidr", "'10.0.0.0/8'");
        columns.put("jsonb", "'{\"a\": 1}'");
        columns.put("json", "'[1]'");
        return columns;
    }

    /** Holds a field's type in the sandbox and the product's type for it. */
    private record FieldCase(String crm, String type, Kind kind) {

        String name() {
            return crm.equals("salesforce") ? type + "_x__c" : type + "_x";
        }
    }

    private static final List<FieldCase> FIELDS = List.of(
            new FieldCase("salesforce", "string", Kind.TEXT), new FieldCase("salesforce", "textarea", Kind.TEXT),
            new FieldCase("salesforce", "phone", Kind.TEXT), new FieldCase("salesforce", "url", Kind.TEXT),
            new FieldCase("salesforce", "boolean", Kind.BOOLEAN), new FieldCase("salesforce", "int", Kind.INTEGER),
            new FieldCase("salesforce", "double", Kind.NUMBER), new FieldCase("salesforce", "currency", Kind.NUMBER),
            new FieldCase("salesforce", "percent", Kind.NUMBER), new FieldCase("salesforce", "date", Kind.DATE),
            new FieldCase("salesforce", "datetime", Kind.DATETIME), new FieldCase("salesforce", "time", Kind.TIME),
            new FieldCase("salesforce", "picklist", Kind.CHOICE),
                    new FieldCase("salesforce", "multipicklist", Kind.CHOICES),
            new FieldCase("hubspot", "string", Kind.TEXT), new FieldCase("hubspot", "number", Kind.NUMBER),
            new FieldCase("hubspot", "date", Kind.DATE), new FieldCase("hubspot", "datetime", Kind.DATETIME),
            new FieldCase("hubspot", "bool", Kind.BOOLEAN), new FieldCase("hubspot", "enumeration", Kind.CHOICE));

    /** Pairs that a CRM takes although what comes to it means something else, so that the table refuses them. */
    private static final Set<String> TAKEN_BUT_CHANGED = Set.of("timestamp date", "timestamptz date");

    @Test
    void theTableSaysWhatTheCrmsTake() throws Exception {
        List<String> wrong = new ArrayList<>();
        int combinations = 0;
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            Crm crm = new Crm(sandbox.port());
            for (FieldCase field : FIELDS) {
                crm.declare(field);
            }
            for (Map.Entry<String, String> column : COLUMNS.entrySet()) {
                Object value = value(column.getKey(), column.getValue());
                for (FieldCase field : FIELDS) {
                    combinations++;
                    String pair = column.getKey() + " to " + field.crm() + " " + field.type();
                    Compatibility fit = Compatibility.of(column.getKey(), field.kind());
                    Object kept = crm.kept(field, sent(field, value, fit.way() == Compatibility.Way.AS_TEXT));
                    boolean same = kept != null && means(value, kept, field.kind());
                    if (fit.isImpossible()
                            && same
                            && !TAKEN_BUT_CHANGED.contains(column.getKey() + " " + field.type())
                            && mustRefuse(field)) {
                        wrong.add(pair + " is refused, but " + value + " is taken as " + kept);
                    } else if (!fit.isImpossible() && fit.why() == null && !same) {
                        wrong.add(pair + " is let through, but " + value + " becomes "
                                + (kept == null ? "a refusal" : kept));
                    }
                }
            }
        }
        assertThat(combinations).isEqualTo(COLUMNS.size() * FIELDS.size());
        assertThat(wrong).as("of " + combinations + " combinations").isEmpty();
    }

    /** HubSpot's choices of the sandbox take any text: what is no option there is refused only by options. */
    private static boolean mustRefuse(FieldCase field) {
        return field.kind() != Kind.CHOICE && field.kind() != Kind.CHOICES;
    }

    private static Object sent(FieldCase field, Object value, boolean asText) {
        RecordChange recordChange = new RecordChange("k", Operation.UPSERT, null, Map.of(field.name(), value));
        return (asText ? recordChange.withTexts(Set.of(field.name())) : recordChange)
                .fields()
                .get(field.name());
    }

    /** Formats a value as the outbox has it. */
    private static Object value(String type, String sql) throws Exception {
        Column column = new Column("v", type, "pg_catalog." + type, false);
        String json = DATABASE.sluice()
                .first(
                        "select " + column.json("t", "UTC") + " from (select " + sql + "::pg_catalog." + type
                                + " as v) as t",
                        row -> row.getString(1))
                .orElseThrow();
        return Json.fields("{\"v\":" + json + "}").get("v");
    }

    private static boolean means(Object sent, Object kept, Kind kind) {
        String left = sent.toString();
        String right = kept.toString();
        return switch (kind) {
            case NUMBER, INTEGER ->
                number(left) != null && number(right) != null && number(left).compareTo(number(right)) == 0;
            case DATETIME -> right.startsWith(left.substring(0, Math.min(19, left.length())));
            case TIME -> right.startsWith(left.substring(0, Math.min(8, left.length())));
            default -> left.strip().equals(right);
        };
    }

    private static java.math.BigDecimal number(String text) {
        try {
            return new java.math.BigDecimal(text);
        } catch (NumberFormatException none) {
            return null;
        }
    }

    /** The vendors' own endpoints, a record of its own for each try. */
    private static final class Crm {

        private final int port;
        private final String token;

        Crm(int port) throws Exception {
            this.port = port;
            HttpResponse<String> login = HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/services/oauth2/token"))
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    "grant_type=client_credentials&client_id=sluice&client_secret=sluice"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            this.token = JSON.readTree(login.body()).path("access_token").asText();
            control("PUT", "/sandbox/limits/hubspot", "{\"tenSecondly\":{\"max\":100000,\"windowSeconds\":10}}");
            control("PUT", "/sandbox/objects/salesforce/Odd__c", "{\"label\":\"Odd\",\"keyPrefix\":\"a0x\"}");
            control("PUT", "/sandbox/objects/hubspot/odds", "{\"label\":\"Odd\",\"keyPrefix\":\"a0x\"}");
        }

        void declare(FieldCase field) throws Exception {
            String type = field.type().equals("bool")
                    ? "boolean"
                    : field.type().equals("number")
                            ? "double"
                            : field.type().equals("enumeration") ? "picklist" : field.type();
            control(
                    "PUT",
                    "/sandbox/fields/" + field.crm() + "/" + (field.crm().equals("salesforce") ? "Odd__c" : "odds")
                            + "/" + field.name(),
                    "{\"type\":\"" + type + "\"}");
        }

        private void control(String method, String path, String body) throws Exception {
            HttpResponse<String> answer = call(method, path, body, null);
            assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
        }

        private HttpResponse<String> call(String method, String path, String body, String bearer) throws Exception {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString(body));
            if (bearer != null) {
                request.header("Authorization", "Bearer " + bearer);
            }
            HttpResponse<String> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode())
                    .as("a limit is no refusal of a value: " + answer.body())
                    .isNotEqualTo(429);
            return answer;
        }

        /** @return what a new record has then, or null where the CRM does not take it */
        Object kept(FieldCase field, Object value) throws Exception {
            if (field.crm().equals("salesforce")) {
                Map<String, Object> record = new LinkedHashMap<>();
                record.put("Name", "x");
                record.put(field.name(), value);
                HttpResponse<String> made =
                        call("POST", "/services/data/v62.0/sobjects/Odd__c", Json.text(record), token);
                return made.statusCode() != 201
                        ? null
                        : plain(JSON.readTree(call(
                                                "GET",
                                                "/services/data/v62.0/sobjects/Odd__c/"
                                                        + JSON.readTree(made.body())
                                                                .path("id")
                                                                .asText(),
                                                "",
                                                token)
                                        .body())
                                .path(field.name()));
            }
            HttpResponse<String> made = call(
                    "POST",
                    "/crm/v3/objects/odds",
                    Json.text(Map.of("properties", Map.of(field.name(), text(value)))),
                    "pat-sandbox");
            return made.statusCode() != 201
                    ? null
                    : plain(JSON.readTree(call(
                                            "GET",
                                            "/crm/v3/objects/odds/"
                                                    + JSON.readTree(made.body())
                                                            .path("id")
                                                            .asText() + "?properties=" + field.name(),
                                            "",
                                            "pat-sandbox")
                                    .body())
                            .path("properties")
                            .path(field.name()));
        }

        /** Formats every value as the writer for HubSpot does. */
        private static String text(Object value) {
            return value instanceof Number number
                    ? new java.math.BigDecimal(number.toString()).toPlainString()
                    : value.toString();
        }

        private static Object plain(JsonNode node) {
            return node.isNull() || node.isMissingNode() ? null : node.asText();
        }
    }

    @Test
    void theManualHasTheSameTable() throws Exception {
        String page = Files.readString(Path.of("src/site/markdown/mapping.md"));
        for (String[] row : new String[][] {
            {"bool", "boolean"},
            {"int4", "smallint, integer"},
            {"int8", "bigint"},
            {"numeric", "numeric, real, double precision"},
            {"date", "date"},
            {"timestamptz", "timestamp, timestamptz"},
            {"time", "time"},
            {"text", "text, varchar, uuid, enum and all others"}
        }) {
            StringBuilder line = new StringBuilder("| " + row[1] + " |");
            for (Kind kind : List.of(
                    Kind.TEXT,
                    Kind.NUMBER,
                    Kind.INTEGER,
                    Kind.BOOLEAN,
                    Kind.DATE,
                    Kind.DATETIME,
                    Kind.TIME,
                    Kind.CHOICE,
                    Kind.REFERENCE)) {
                Compatibility fit = Compatibility.of(row[0], kind);
                line.append(
                        fit.isImpossible()
                                ? " - |"
                                : fit.way() == Compatibility.Way.AS_TEXT
                                        ? " as text |"
                                        : fit.why() != null ? " warned |" : " yes |");
            }
            assertThat(page).contains(line);
        }
    }
}

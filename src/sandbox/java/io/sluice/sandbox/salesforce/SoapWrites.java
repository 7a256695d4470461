// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Table;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Serves create, update, upsert, delete, undelete and merge (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_list.htm">Core Calls</a>): up
 * to 200 records a call, with a result for each in the order of the request.
 */
final class SoapWrites {

    private static final int MOST_CONVERTED = 100;

    private SoapWrites() {}

    static Answer create(SoapCall call, Request.Attempt attempt) {
        List<JsonNode> records = call.records();
        List<Table> tables = tables(call, records);
        return saved(
                call,
                attempt,
                records.size(),
                false,
                (writer, i) -> typed(
                        tables.get(i),
                        records.get(i),
                        writer.create(tables.get(i), new SentRecord.Json(records.get(i)))));
    }

    static Answer update(SoapCall call, Request.Attempt attempt) {
        List<JsonNode> records = call.records();
        List<Table> tables = tables(call, records);
        Set<String> twice = KeyedRows.repeated(records, KeyedRows::idOf);
        return saved(
                call,
                attempt,
                records.size(),
                false,
                (writer, i) -> typed(
                        tables.get(i),
                        records.get(i),
                        KeyedRows.update(writer, tables.get(i), new SentRecord.Json(records.get(i)), twice)));
    }

    /** Holds the key field of an object, and its values that occur more than once in the call. */
    private record Key(Field field, Set<String> twice) {}

    static Answer upsert(SoapCall call, Request.Attempt attempt) {
        List<JsonNode> records = call.records();
        List<Table> tables = tables(call, records);
        Map<Table, Key> keys = new HashMap<>();
        for (Table table : Set.copyOf(tables)) {
            Field field = key(table, call.argument("externalIDFieldName"));
            List<JsonNode> own = IntStream.range(0, records.size())
                    .filter(i -> tables.get(i) == table)
                    .mapToObj(records::get)
                    .toList();
            keys.put(table, new Key(field, KeyedRows.repeated(own, record -> KeyedRows.keyOf(record, field))));
        }
        return saved(call, attempt, records.size(), true, (writer, i) -> {
            Key key = keys.get(tables.get(i));
            return typed(
                    tables.get(i),
                    records.get(i),
                    KeyedRows.upsert(
                            writer, tables.get(i), key.field(), new SentRecord.Json(records.get(i)), key.twice()));
        });
    }

    static Answer delete(SoapCall call, Request.Attempt attempt) {
        List<String> ids = call.ids();
        return saved(call, attempt, ids.size(), false, (writer, i) -> ofId(call, ids.get(i))
                .map(table -> writer.delete(table, ids.get(i)))
                .orElseGet(() -> malformed(ids.get(i))));
    }

    static Answer undelete(SoapCall call, Request.Attempt attempt) {
        List<String> ids = call.ids();
        return saved(call, attempt, ids.size(), false, (writer, i) -> ofId(call, ids.get(i))
                .map(table -> writer.undelete(table, ids.get(i)))
                .orElseGet(() -> malformed(ids.get(i))));
    }

    /** Merges records; each request is atomic by itself. */
    static Answer merge(SoapCall call, Request.Attempt attempt) {
        List<Element> requests = call.most(call.body().children("request"));
        List<JsonNode> masters = requests.stream().map(SoapWrites::master).toList();
        List<Table> tables = tables(call, masters);
        List<Merger.Result> results = RecordWriter.write(
                call.store(), attempt, SaveOptions.of(call.version(), call.envelope()), writer -> IntStream.range(
                                0, requests.size())
                        .mapToObj(i -> {
                            Merger.Result result = new Merger(call.store(), writer)
                                    .merge(tables.get(i), masters.get(i), others(requests.get(i)));
                            typed(tables.get(i), masters.get(i), result.outcome());
                            return result;
                        })
                        .toList());
        return call.answer(xml -> {
            for (Merger.Result result : results) {
                SoapResults.merged(xml, result);
            }
        });
    }

    /** Deletes records in the recycle bin for good. */
    static Answer emptyRecycleBin(SoapCall call, Request.Attempt attempt) {
        List<String> ids = call.ids();
        return saved(call, attempt, ids.size(), false, (writer, i) -> ofId(call, ids.get(i))
                .map(table -> writer.empty(table, ids.get(i)))
                .orElseGet(() -> malformed(ids.get(i))));
    }

    /** Converts up to 100 leads a call; each conversion is atomic. */
    static Answer convertLead(SoapCall call, Request.Attempt attempt) {
        List<Element> asked = call.body().children("leadConverts");
        if (asked.size() > MOST_CONVERTED) {
            throw new RefusedException(
                    "EXCEEDED_ID_LIMIT",
                    "record limit reached. cannot submit more than " + MOST_CONVERTED + " records into this call");
        }
        List<LeadConversion.Result> results = RecordWriter.write(
                call.store(), attempt, SaveOptions.of(call.version(), call.envelope()), writer -> asked.stream()
                        .map(new LeadConversion(call.store(), writer)::convert)
                        .toList());
        return call.answer(xml -> {
            for (LeadConversion.Result result : results) {
                SoapResults.converted(xml, result);
            }
        });
    }

    static JsonNode master(Element request) {
        return request.child("masterRecord")
                .map(SoapRecords::read)
                .orElseThrow(() ->
                        new RefusedException("MISSING_ARGUMENT", "The argument masterRecord is required by merge"));
    }

    static List<String> others(Element request) {
        return request.children("recordToMergeIds").stream()
                .map(id -> id.text().strip())
                .toList();
    }

    /** Finds the key field of an upsert; INVALID_FIELD when it is no key of the object. */
    static Field key(Table table, String name) {
        return table.type()
                .field(name)
                .filter(field -> field.externalId() || field.type() == FieldType.ID)
                .orElseThrow(() -> new RefusedException(
                        "INVALID_FIELD",
                        "Field name provided, " + name
                                + " does not match an External ID, Salesforce Id, or indexed field for "
                                + table.type().name()));
    }

    /** Finds the object of each record, in their order; INVALID_TYPE for all when one has none. */
    static List<Table> tables(SoapCall call, List<JsonNode> records) {
        return records.stream()
                .map(record -> call.table(record.path("attributes").path("type").asText()))
                .toList();
    }

    private interface OneRecord {
        Outcome write(RecordWriter writer, int index);
    }

    private static Answer saved(SoapCall call, Request.Attempt attempt, int count, boolean tellCreated, OneRecord one) {
        List<Outcome> outcomes = RecordWriter.write(
                call.store(),
                attempt,
                SaveOptions.of(call.version(), call.envelope()),
                writer -> Collections.written(writer, count, call.allOrNone(), i -> one.write(writer, i)));
        return call.answer(xml -> {
            for (Outcome outcome : outcomes) {
                SoapResults.saved(xml, outcome, tellCreated);
            }
        });
    }

    /** Fails the whole call when a value has another type than its field: this is an error in the XML. */
    private static Outcome typed(Table table, JsonNode record, Outcome outcome) {
        if (outcome instanceof Outcome.Rejected rejected
                && "JSON_PARSER_ERROR".equals(rejected.errors().get(0).code())) {
            throw new RefusedException(SalesforceError.of("XML_PARSER_ERROR", wrongValue(table, record)));
        }
        return outcome;
    }

    private static String wrongValue(Table table, JsonNode record) {
        for (Field field : table.type().fields()) {
            try {
                FieldValue.parse(field, record.get(field.name()));
            } catch (RefusedException e) {
                return "'" + record.get(field.name()).asText() + "' is not a valid value for the type "
                        + field.type().soapType();
            }
        }
        return "A value is not valid for its type";
    }

    private static Optional<Table> ofId(SoapCall call, String id) {
        return call.store().tables().stream()
                .filter(table -> id.startsWith(table.type().keyPrefix()))
                .findFirst();
    }

    private static Outcome malformed(String id) {
        return Outcome.Rejected.because("MALFORMED_ID", "malformed id " + id);
    }
}

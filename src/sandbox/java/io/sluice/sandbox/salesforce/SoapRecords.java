// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.salesforce.soap.EnvelopeWriter;
import io.sluice.sandbox.salesforce.soql.Aggregation;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.stream.XMLStreamException;

/** Reads and writes records in the form of the SOAP API ("sObject" in its partner WSDL); writes take them as JSON. */
final class SoapRecords {

    private static final String RECORD = "sf:sObject";

    private SoapRecords() {}

    /**
     * Reads a record as JSON with its type in {@code attributes}. A nil or empty element leaves its field alone; only
     * {@code fieldsToNull} clears one.
     */
    static JsonNode read(Element record) {
        ObjectNode json = Answers.JSON.createObjectNode();
        for (Element field : record.children()) {
            String text = field.text().strip();
            if ("type".equals(field.name()) && !json.has("attributes")) {
                json.putObject("attributes").put("type", text);
            } else if (!field.children().isEmpty()) {
                json.set(field.name(), read(field));
            } else if (!"fieldsToNull".equals(field.name()) && !field.nil() && !text.isEmpty()) {
                json.put(field.name(), text);
            }
        }
        record.children("fieldsToNull").forEach(name -> json.putNull(name.text().strip()));
        return json;
    }

    /** Writes a record: its type, its id, then the selected fields, among them the id once more when it is selected. */
    static void write(
            EnvelopeWriter xml, String name, Store store, Table table, Row row, RecordJson.Selection selection)
            throws XMLStreamException {
        xml.typed(name, RECORD, inside -> content(inside, store, table, row, selection));
    }

    /** Writes the members of a QueryResult. */
    static void page(EnvelopeWriter xml, Store store, Cursors.Page page) throws XMLStreamException {
        xml.value("done", page.next() == null).value("queryLocator", page.next());
        for (Row row : page.rows()) {
            write(xml, "records", store, page.table(), row, page.selection());
        }
        if (page.groups() != null) {
            for (List<Object> values : page.groups().values()) {
                xml.typed(
                        "records", RECORD, inside -> group(inside, page.groups().columns(), values));
            }
        }
        xml.value("size", page.total());
    }

    private static void group(EnvelopeWriter xml, List<Aggregation.Result> columns, List<Object> values)
            throws XMLStreamException {
        xml.field("type", "AggregateResult");
        xml.field("Id", null);
        int i = 0;
        for (Aggregation.Result column : columns) {
            FieldType type = column.field().type();
            Object value = text(type, values.get(i++));
            if (value == null) {
                xml.field(column.name(), null);
            } else {
                xml.typedField(
                        column.name(),
                        type.soapType().startsWith("tns:") ? "xsd:string" : type.soapType(),
                        inside -> inside.text(value.toString()));
            }
        }
    }

    private static void content(EnvelopeWriter xml, Store store, Table table, Row row, RecordJson.Selection selection)
            throws XMLStreamException {
        xml.field("type", table.type().name());
        xml.field("Id", selection.entries().containsKey("Id") ? row.id() : null);
        for (Map.Entry<String, RecordJson.Selection.Entry> entry :
                selection.entries().entrySet()) {
            Field field = entry.getValue().field();
            if (entry.getValue().children() != null) {
                Cursors.Page page = entry.getValue().children().of(row);
                if (page == null) {
                    xml.field(entry.getKey(), null);
                } else {
                    xml.typedField(entry.getKey(), "QueryResult", inside -> page(inside, store, page));
                }
                continue;
            }
            RecordJson.Selection inParent = entry.getValue().parent();
            if (inParent == null) {
                field(xml, entry.getKey(), field, field.read(row));
                continue;
            }
            Optional<RecordJson.Parent> parent = RecordJson.parent(store, field, row);
            if (parent.isPresent()) {
                xml.typedField(
                        entry.getKey(),
                        RECORD,
                        inside -> content(
                                inside,
                                store,
                                parent.get().table(),
                                parent.get().row(),
                                inParent));
            } else {
                xml.field(entry.getKey(), null);
            }
        }
    }

    private static void field(EnvelopeWriter xml, String name, Field field, Object value) throws XMLStreamException {
        if (value instanceof Map<?, ?> parts) {
            xml.typedField(name, field.type().wireName(), inside -> {
                // latitude and longitude come first: the type of an address extends the one of a place
                for (String part : new String[] {
                    "latitude", "longitude", "city", "country", "geocodeAccuracy", "postalCode", "state", "street"
                }) {
                    inside.value(part, parts.get(part));
                }
            });
        } else {
            xml.field(name, text(field.type(), value));
        }
    }

    /** Formats a value for XML Schema: as in JSON but for the zone of a time. */
    static Object text(FieldType type, Object value) {
        Object wire = type.toWire(value);
        return type == FieldType.DATETIME && wire != null ? ((String) wire).replace("+0000", "Z") : wire;
    }
}

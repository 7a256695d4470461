// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;

/**
 * Decodes the events of Change Data Capture, which Pub/Sub API sends in Avro's binary form
 * (https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html).
 */
final class ChangeEventDecoder {

    private static final String HEADER = "ChangeEventHeader";
    private static final String UPDATE = "UPDATE";

    private ChangeEventDecoder() {}

    /**
     * Parses a schema.
     *
     * @throws UndecodableEvent if it is not the schema of change events
     */
    static Schema schema(String json) throws UndecodableEvent {
        try {
            Schema schema = new Schema.Parser().parse(json);
            if (schema.getType() == Schema.Type.RECORD
                    && schema.getField(HEADER) != null
                    && schema.getField(HEADER).schema().getType() == Schema.Type.RECORD) {
                return schema;
            }
        } catch (AvroRuntimeException odd) {
            throw new UndecodableEvent("a schema that can't be read", odd);
        }
        throw new UndecodableEvent("a schema without " + HEADER);
    }

    /** @throws UndecodableEvent if the event does not fit the schema */
    static ChangeEvent decode(Schema schema, byte[] payload) throws UndecodableEvent {
        GenericRecord event = read(schema, payload, true);
        ChangeEvent.Header header = header((GenericRecord) event.get(HEADER));
        if (header.type().equals(UPDATE)) {
            return update(schema, event, header);
        }
        Values values = new Values();
        for (Schema.Field field : schema.getFields()) {
            if (!field.name().equals(HEADER) && event.get(field.pos()) != null) {
                values.addFilled(field, event.get(field.pos()));
            }
        }
        return new ChangeEvent(header, values.texts, values.isWhole);
    }

    /**
     * Decodes the header alone, which is the first field.
     *
     * @return empty if it can't be decoded either
     */
    static Optional<ChangeEvent.Header> header(Schema schema, byte[] payload) {
        Schema.Field header = schema.getField(HEADER);
        if (header.pos() != 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(header(read(header.schema(), payload, false)));
        } catch (UndecodableEvent odd) {
            return Optional.empty();
        }
    }

    private static GenericRecord read(Schema schema, byte[] payload, boolean isWhole) throws UndecodableEvent {
        BoundedDecoder decoder = new BoundedDecoder(payload);
        try {
            GenericRecord record = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
            if (!isWhole || decoder.isEnd()) {
                return record;
            }
        } catch (IOException | RuntimeException odd) {
            throw new UndecodableEvent("an event that does not fit its schema", odd);
        }
        throw new UndecodableEvent("an event that does not fit its schema");
    }

    private static ChangeEvent.Header header(GenericRecord header) throws UndecodableEvent {
        try {
            String object = text(header, "entityName");
            String type = text(header, "changeType");
            Instant committedAt = Instant.ofEpochMilli(((Number) header.get("commitTimestamp")).longValue());
            if (object.isEmpty() || type.isEmpty()) {
                throw new UndecodableEvent("an event without an object or a type of change");
            }
            return new ChangeEvent.Header(
                    object,
                    texts(header, "recordIds"),
                    type,
                    text(header, "changeOrigin"),
                    text(header, "transactionKey"),
                    (int) number(header, "sequenceNumber"),
                    number(header, "commitNumber"),
                    committedAt);
        } catch (ClassCastException | NullPointerException | AvroRuntimeException | DateTimeException odd) {
            throw new UndecodableEvent("an event whose header has another form", odd);
        }
    }

    private static ChangeEvent update(Schema schema, GenericRecord event, ChangeEvent.Header header)
            throws UndecodableEvent {
        GenericRecord own = (GenericRecord) event.get(HEADER);
        Set<FieldPath> nulled = FieldBitmaps.fields(schema, texts(own, "nulledFields"));
        Set<FieldPath> changed = new LinkedHashSet<>(FieldBitmaps.fields(schema, texts(own, "changedFields")));
        changed.addAll(nulled);
        // of a long text the event may have the difference to an earlier one, which is no value
        Set<FieldPath> differences = FieldBitmaps.fields(schema, texts(own, "diffFields"));
        Values values = new Values();
        values.isWhole = differences.isEmpty() && !changed.isEmpty();
        changed.removeAll(differences);
        for (FieldPath path : changed) {
            values.add(schema, event, path, nulled);
        }
        return new ChangeEvent(header, values.texts, values.isWhole);
    }

    private static String text(GenericRecord header, String name) {
        Object value = header.hasField(name) ? header.get(name) : null;
        return value == null ? "" : value.toString();
    }

    private static long number(GenericRecord header, String name) {
        return header.hasField(name) && header.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static List<String> texts(GenericRecord header, String name) {
        List<String> texts = new ArrayList<>();
        if (header.hasField(name) && header.get(name) instanceof Iterable<?> list) {
            list.forEach(one -> texts.add(String.valueOf(one)));
        }
        return texts;
    }

    /** Collects the values of an event's fields. */
    private static final class Values {

        private final Map<String, String> texts = new LinkedHashMap<>();
        private boolean isWhole = true;

        /** Adds a changed field, or all parts of a changed compound field. */
        private void add(Schema schema, GenericRecord event, FieldPath path, Set<FieldPath> nulled) {
            Schema.Field field = schema.getField(path.compound() == null ? path.name() : path.compound());
            if (field == null || field.name().equals(HEADER)) {
                return;
            }
            Object value = event.get(field.pos());
            Schema parts = FieldBitmaps.recordOf(field.schema());
            if (path.compound() != null && parts != null) {
                Schema.Field part = parts.getField(path.name());
                Object ofPart = value instanceof IndexedRecord compound ? compound.get(part.pos()) : null;
                put(path, part, ofPart, nulled.contains(path) || nulled.contains(FieldPath.of(field.name())));
                // a person account's name changes with its parts
                isWhole &= !FieldBitmaps.mayBeText(field.schema());
            } else if (parts == null || value instanceof CharSequence) {
                put(path, field, value, nulled.contains(path));
            } else {
                for (Schema.Field part : parts.getFields()) {
                    add(schema, event, new FieldPath(field.name(), part.name()), nulled);
                }
            }
        }

        /** Adds a filled field of a record that is new. */
        private void addFilled(Schema.Field field, Object value) {
            if (!(value instanceof IndexedRecord compound)) {
                put(FieldPath.of(field.name()), field, value, false);
                return;
            }
            for (Schema.Field part : compound.getSchema().getFields()) {
                if (compound.get(part.pos()) != null) {
                    put(new FieldPath(field.name(), part.name()), part, compound.get(part.pos()), false);
                }
            }
        }

        /** A missing value of a field that the event does not list as emptied is not known. */
        private void put(FieldPath path, Schema.Field field, Object value, boolean isNulled) {
            if (value == null) {
                if (isNulled) {
                    texts.put(path.apiName(), null);
                } else {
                    isWhole = false;
                }
                return;
            }
            Optional<String> text = FieldText.of(field, value).map(it -> it.replace("\0", ""));
            if (text.isEmpty() || !StandardCharsets.UTF_8.newEncoder().canEncode(text.get())) {
                isWhole = false;
            } else {
                texts.put(path.apiName(), text.get().isEmpty() ? null : text.get());
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Writes an event's JSON, as CometD clients receive it, in Avro's binary form. */
final class AvroPayload {

    private AvroPayload() {}

    static byte[] bytes(Schema schema, JsonNode payload) {
        GenericData.Record event = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            event.put(
                    field.pos(),
                    AvroSchemas.HEADER.equals(field.name())
                            ? header(schema, payload)
                            : value(field.schema(), payload.path(field.name())));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<GenericRecord>(schema).write(event, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static GenericRecord header(Schema event, JsonNode payload) {
        JsonNode header = payload.path(AvroSchemas.HEADER);
        Schema schema = event.getField(AvroSchemas.HEADER).schema();
        GenericData.Record record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            record.put(field.pos(), value(field.schema(), header.path(field.name())));
        }
        List<String> changed = new ArrayList<>();
        header.path("changedFields").forEach(name -> changed.add(name.asText()));
        List<String> nulled = changed.stream()
                .filter(name -> payload.at("/" + name.replace('.', '/')).isNull())
                .toList();
        record.put("changedFields", FieldBitmap.of(event, changed));
        record.put("nulledFields", FieldBitmap.of(event, nulled));
        return record;
    }

    private static Object value(Schema schema, JsonNode json) {
        return switch (schema.getType()) {
            case UNION ->
                json.isNull() || json.isMissingNode()
                        ? null
                        : value(schema.getTypes().get(1), json);
            case RECORD -> {
                GenericData.Record record = new GenericData.Record(schema);
                schema.getFields()
                        .forEach(field -> record.put(field.pos(), value(field.schema(), json.path(field.name()))));
                yield record;
            }
            case ARRAY -> {
                List<Object> all = new ArrayList<>();
                json.forEach(one -> all.add(value(schema.getElementType(), one)));
                yield all;
            }
            case ENUM -> new GenericData.EnumSymbol(schema, json.asText());
            case BOOLEAN -> json.asBoolean();
            case INT -> json.asInt();
            case DOUBLE -> json.asDouble();
            case LONG -> json.isTextual() ? millis(json.asText()) : json.asLong();
            default -> json.asText();
        };
    }

    /** Reads a moment, a date or a time of day: milliseconds since 1970, or since midnight. */
    private static long millis(String text) {
        if (text.indexOf('T') > 0) {
            return Instant.parse(text).toEpochMilli();
        }
        return text.indexOf(':') > 0
                ? LocalTime.parse(text.replace("Z", "")).toNanoOfDay() / 1_000_000
                : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    }
}

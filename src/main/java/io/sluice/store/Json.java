// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads and writes the JSON of the tables and of the API; decimals stay exact, times and enums are written as their words. */
public final class Json {

    /** PostgreSQL holds numbers of 131,072 digits and texts of 1 GB; Jackson's own limits are 1,000 digits and 20 MB. */
    private static final StreamReadConstraints ANY_LENGTH = StreamReadConstraints.builder()
            .maxNumberLength(Integer.MAX_VALUE)
            .maxStringLength(Integer.MAX_VALUE)
            .build();

    private static final ObjectMapper MAPPER = new ObjectMapper(
                    JsonFactory.builder().streamReadConstraints(ANY_LENGTH).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .registerModule(new SimpleModule().addSerializer(Instant.class, ToStringSerializer.instance));
    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() {};

    private Json() {}

    public static Map<String, Object> fields(String json) {
        if (json == null) {
            return Map.of();
        }
        try {
            return MAPPER.readValue(json, FIELDS);
        } catch (JsonProcessingException broken) {
            throw new IllegalArgumentException("This is no JSON object: " + broken.getOriginalMessage(), broken);
        }
    }

    public static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException broken) {
            throw new IllegalArgumentException("This can't be written as JSON: " + broken.getOriginalMessage(), broken);
        }
    }
}

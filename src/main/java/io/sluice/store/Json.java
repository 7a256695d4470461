package io.sluice.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON as the tables hold it: decimals stay exact. */
public final class Json {

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() { };

    private Json() {
    }

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

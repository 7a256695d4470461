package io.sluice.sandbox.server;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is sent back. */
public record Answer(int status, String contentType, byte[] body, Map<String, String> headers) {

    private static final byte[] EMPTY = {};

    public static Answer json(int status, byte[] body) {
        return new Answer(status, "application/json;charset=UTF-8", body, Map.of());
    }

    public static Answer text(int status, String contentType, String body) {
        return new Answer(status, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    public static Answer empty(int status) {
        return new Answer(status, null, EMPTY, Map.of());
    }

    public Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, body, more);
    }
}

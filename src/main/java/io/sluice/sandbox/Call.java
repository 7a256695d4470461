package io.sluice.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A request as it arrived.
 *
 * @param path    decoded, without doubled slashes
 * @param query   decoded parameters; of a repeated one the first
 * @param headers by lower-case name
 * @param origin  scheme, host and port that the client used, such as {@code http://127.0.0.1:8090}
 */
public record Call(String method, String path, Map<String, String> query, Map<String, String> headers, byte[] body,
        String origin) {

    /** The parts of the path between slashes. */
    public List<String> segments() {
        return Arrays.stream(path.split("/")).filter(s -> !s.isEmpty()).toList();
    }

    public String header(String name) {
        return headers.get(name);
    }

    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}

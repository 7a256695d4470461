// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Represents a request as it arrived.
 *
 * @param path    as it was sent, but without doubled slashes
 * @param query   decoded parameters; of a repeated one the first, of a list of HubSpot's all, with commas
 * @param headers by lower-case name
 * @param upload  the file that holds the body instead of {@code body}, or null; it is gone once the request is over,
 *                unless it was moved
 * @param origin  scheme, host and port that the client used, such as {@code http://127.0.0.1:8090}
 */
public record Call(
        String method,
        String path,
        Map<String, String> query,
        Map<String, String> headers,
        byte[] body,
        Path upload,
        String origin) {

    Call with(byte[] bytes, Path file) {
        return new Call(method, path, query, headers, bytes, file, origin);
    }

    /** Answers the decoded segments of the path; a key that contains an encoded slash stays one segment. */
    public List<String> segments() {
        return segments(path);
    }

    /** Answers the decoded segments of any path. */
    public static List<String> segments(String path) {
        // in a path, unlike in a form, a plus sign is itself
        return Arrays.stream(path.split("/"))
                .filter(s -> !s.isEmpty())
                .map(s -> URLDecoder.decode(s.replace("+", "%2B"), StandardCharsets.UTF_8))
                .toList();
    }

    public String header(String name) {
        return headers.get(name);
    }

    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Represents an answer.
 *
 * @param chunks the body of an answer too large for the memory, or null when {@code body} is all of it
 */
public record Answer(int status, String contentType, byte[] body, Chunks chunks, Map<String, String> headers) {

    private static final byte[] EMPTY = {};

    /**
     * Reads a body chunk by chunk on a worker thread, as fast as the client takes it. Opens nothing before the first
     * read.
     */
    public interface Chunks extends Closeable {

        /** Answers the next bytes of the body, of any length above zero; null at its end. */
        byte[] next() throws IOException;

        @Override
        default void close() throws IOException {}
    }

    public static Answer json(int status, byte[] body) {
        return new Answer(status, "application/json;charset=UTF-8", body, null, Map.of());
    }

    public static Answer text(int status, String contentType, String body) {
        return new Answer(status, contentType, body.getBytes(StandardCharsets.UTF_8), null, Map.of());
    }

    public static Answer empty(int status) {
        return new Answer(status, null, EMPTY, null, Map.of());
    }

    public static Answer streamed(int status, String contentType, Chunks chunks) {
        return new Answer(status, contentType, EMPTY, chunks, Map.of());
    }

    /** Reads all of the body into memory. */
    public Answer whole() throws IOException {
        if (chunks == null) {
            return this;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (chunks) {
            for (byte[] next = chunks.next(); next != null; next = chunks.next()) {
                all.write(next);
            }
        }
        return new Answer(status, contentType, all.toByteArray(), null, headers);
    }

    /** Answers with another body, in memory. */
    public Answer with(byte[] other) {
        return new Answer(status, contentType, other, null, headers);
    }

    public Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, body, chunks, more);
    }

    /** Answers without this header. */
    public Answer without(String header) {
        Map<String, String> fewer = new LinkedHashMap<>(headers);
        fewer.remove(header);
        return new Answer(status, contentType, body, chunks, fewer);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Sends requests byte by byte as a test wrote them, with headers that no HTTP client lets through. */
final class RawHttp {

    /**
     * An answer.
     *
     * @param headers name in lower case to value
     */
    record Answer(int status, Map<String, String> headers, String body) {

        static Answer of(String text) {
            int end = text.indexOf("\r\n\r\n");
            Map<String, String> headers = new LinkedHashMap<>();
            text.substring(0, end)
                    .lines()
                    .skip(1)
                    .forEach(line -> headers.put(
                            line.split(":")[0].toLowerCase(Locale.ROOT),
                            line.substring(line.indexOf(':') + 1).strip()));
            String body = text.substring(end + 4);
            return new Answer(
                    Integer.parseInt(text.split(" ")[1]),
                    headers,
                    "chunked".equals(headers.get("transfer-encoding")) ? joined(body.getBytes(UTF_8)) : body);
        }

        private static String joined(byte[] chunks) {
            StringBuilder body = new StringBuilder();
            int at = 0;
            while (at < chunks.length) {
                int line = at;
                while (chunks[line] != '\r') {
                    line++;
                }
                int length = Integer.parseInt(new String(chunks, at, line - at, UTF_8), 16);
                body.append(new String(chunks, line + 2, length, UTF_8));
                at = line + 2 + length + 2;
            }
            return body.toString();
        }
    }

    private RawHttp() {}

    /** Sends bytes as they stand and reads until the other side closes. */
    static String send(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    /** @param headers with a Host, or that of the port */
    static Answer send(int port, String method, String path, Map<String, String> headers, String body)
            throws IOException {
        Map<String, String> all = new LinkedHashMap<>(Map.of("Host", "127.0.0.1:" + port, "Connection", "close"));
        all.putAll(headers);
        if (!body.isEmpty()) {
            all.put("Content-Length", Integer.toString(body.getBytes(UTF_8).length));
        }
        StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        all.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        return Answer.of(send(port, request + "\r\n" + body));
    }
}

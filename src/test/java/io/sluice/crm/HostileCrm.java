// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs a server over plain sockets that accepts every login and then answers as the test says, or cuts the connection.
 */
final class HostileCrm implements AutoCloseable {

    /**
     * Point at which the connection is cut, or how the time passes until an answer that comes after the time-out: in silence
     * (LATE), with "102 Processing", or with blanks in the body.
     */
    enum Cut {
        NOT,
        BEFORE,
        WITHIN,
        AFTER,
        LATE,
        PROCESSING,
        BLANKS
    }

    record Reply(int status, Map<String, String> headers, String body, Cut cut) {

        Reply(int status, String body) {
            this(status, Map.of(), body, Cut.NOT);
        }
    }

    private static final int PACKETS = 7;
    /** The reference of a part of a composite call; its end differs from call to call. */
    private static final Pattern REFERENCE = Pattern.compile("((?:part|before)[0-9]+)_[0-9a-z]+");

    private final ServerSocket server;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final int lateMillis;
    private volatile List<Reply> replies = List.of();

    HostileCrm(int lateMillis) throws IOException {
        this.lateMillis = lateMillis;
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        workers.execute(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** Answers the next calls with these replies in turn, and all later ones with the last of them. */
    void reply(List<Reply> next) {
        replies = next;
        asked.clear();
    }

    /** Answers method and path of the calls since then, without logins. */
    List<String> asked() {
        return List.copyOf(asked);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                workers.execute(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            int length = head.lines()
                    .filter(line -> line.toLowerCase().startsWith("content-length:"))
                    .map(line -> Integer.parseInt(line.substring(15).strip()))
                    .findFirst()
                    .orElse(0);
            String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            String call = head.lines().findFirst().orElse("");
            if (call.contains("/oauth")) {
                write(
                        socket.getOutputStream(),
                        new Reply(
                                200,
                                """
                        {"access_token":"t","instance_url":"http://127.0.0.1:%1$d","token_type":"Bearer",
                         "id":"http://127.0.0.1:%1$d/id/00DXX0000001gEREAY/005XX000001SvogYAC","issued_at":"1","signature":"s"}"""
                                        .formatted(port())),
                        false);
                return;
            }
            int place = asked.size();
            asked.add(call);
            answer(socket, named(replies.get(Math.min(place, replies.size() - 1)), body));
        } catch (IOException gone) {
            // the client has given up, as expected
        }
    }

    /** Gives the parts of an answer the references that the request's parts have. */
    private static Reply named(Reply reply, String request) {
        String body = reply.body();
        Matcher reference = REFERENCE.matcher(request);
        while (body != null && reference.find()) {
            body = body.replace('"' + reference.group(1) + '"', '"' + reference.group() + '"');
        }
        return new Reply(reply.status(), reply.headers(), body, reply.cut());
    }

    private void answer(Socket socket, Reply reply) throws IOException {
        switch (reply.cut()) {
            case BEFORE, AFTER -> socket.setSoLinger(true, 0);
            case WITHIN -> {
                write(socket.getOutputStream(), reply, true);
                socket.setSoLinger(true, 0);
            }
            case LATE -> {
                awaitDisconnect(socket, lateMillis); // longer than the time-out
                write(socket.getOutputStream(), reply, false);
            }
            case PROCESSING -> {
                trickle(socket, "HTTP/1.1 102 Processing\r\n\r\n");
                write(socket.getOutputStream(), reply, false);
            }
            case BLANKS -> {
                OutputStream out = socket.getOutputStream();
                out.write(("HTTP/1.1 " + reply.status()
                                + " Words\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                trickle(socket, " ");
                out.write(String.valueOf(reply.body()).getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
            case NOT -> write(socket.getOutputStream(), reply, false);
        }
    }

    /** Waits until the client has given up, or for {@code millis}. */
    private static void awaitDisconnect(Socket socket, int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (SocketTimeoutException stillConnected) {
            // the answer goes on all the same
        }
    }

    /** Sends a text again and again, with pauses that are shorter than the client's time-out, for {@code lateMillis}. */
    private void trickle(Socket socket, String text) throws IOException {
        for (int i = 0; i < PACKETS; i++) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            awaitDisconnect(socket, lateMillis / PACKETS);
        }
    }

    private static void write(OutputStream out, Reply reply, boolean half) throws IOException {
        byte[] body = reply.body() == null ? new byte[0] : reply.body().getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " Words\r\n");
        if (reply.headers().keySet().stream().noneMatch("Content-Type"::equalsIgnoreCase)) {
            String type = reply.body() == null || !reply.body().startsWith("<")
                    ? "application/json"
                    : reply.body().startsWith("<?xml") ? "text/xml" : "text/html";
            head.append("Content-Type: ").append(type).append("\r\n");
        }
        reply.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        if (reply.status() != 204 && reply.status() != 304) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        out.write(head.append("Connection: close\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        out.write(body, 0, half ? body.length / 2 : reply.status() == 204 || reply.status() == 304 ? 0 : body.length);
        out.flush();
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.write(next);
            String text = head.toString(StandardCharsets.ISO_8859_1);
            if (next == '\n' && text.endsWith("\r\n\r\n")) {
                return text;
            }
        }
        return "";
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        workers.shutdownNow();
    }
}

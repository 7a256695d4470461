// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TraceExportTest {

    /** More than the library reads of an answer, and what the buffers of a connection hold besides. */
    private static final long MUCH = 64L << 20;

    /** An address of something else than a receiver may answer without end, which must not fill the heap. */
    @Test
    void anEndlessAnswerIsCutOff() throws Exception {
        AtomicLong sent = new AtomicLong();
        AtomicBoolean isCut = new AtomicBoolean();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                TraceExport export = new TraceExport("http://127.0.0.1:" + server.getLocalPort())) {
            CompletableFuture.runAsync(() -> {
                try (Socket socket = server.accept()) {
                    answer(socket.getOutputStream(), sent);
                } catch (IOException cut) {
                    isCut.set(true);
                }
            });
            export.tracer().spanBuilder("change").startSpan().end();

            await().atMost(Duration.ofMinutes(1)).until(() -> isCut.get() || sent.get() > MUCH);
            assertThat(sent.get()).isPositive().isLessThanOrEqualTo(MUCH);
        }
    }

    private static void answer(OutputStream out, AtomicLong sent) throws IOException {
        out.write(
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] part = new byte[1 << 16];
        while (sent.get() <= MUCH) {
            out.write(part);
            sent.addAndGet(part.length);
        }
    }
}

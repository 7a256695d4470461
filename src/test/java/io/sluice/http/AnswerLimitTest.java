// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.zip.GZIPOutputStream;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Shows that an answer is read up to its maximum size, as it is after decompression. */
class AnswerLimitTest {

    private static final long MAX = 4L << 20;

    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answers(long size) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(compressed)) {
            for (long left = size; left > 0; left -= Math.min(left, 1 << 20)) {
                out.write(new byte[(int) Math.min(left, 1 << 20)]);
            }
        }
        server.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            exchange.sendResponseHeaders(200, compressed.size());
            try (OutputStream out = exchange.getResponseBody()) {
                compressed.writeTo(out);
            }
        });
    }

    private int read() throws IOException {
        try (CloseableHttpClient client = HttpClientBuilder.create()
                .addExecInterceptorFirst("size", new AnswerLimit(MAX))
                .build()) {
            return client.execute(
                    new HttpGet("http://127.0.0.1:" + server.getAddress().getPort()),
                    response -> EntityUtils.toByteArray(response.getEntity(), Integer.MAX_VALUE).length);
        }
    }

    @Test
    void anAnswerOfTheMaximumSizeIsRead() throws IOException {
        answers(MAX);
        assertThat(read()).isEqualTo((int) MAX);
    }

    @Test
    void aSmallAnswerThatExpandsBeyondItFails() throws IOException {
        answers(MAX + 1);
        assertThatThrownBy(this::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("larger than 4194304 bytes");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a long body chunk by chunk, as fast as the reader takes it; ends when the reader disconnects. */
final class ChunkStream {

    private static final Logger LOG = LoggerFactory.getLogger(ChunkStream.class);

    private final Vertx vertx;
    private final HttpServerResponse response;
    private final Answer.Chunks chunks;

    ChunkStream(Vertx vertx, HttpServerResponse response, Answer.Chunks chunks) {
        this.vertx = vertx;
        this.response = response;
        this.chunks = chunks;
    }

    void begin() {
        response.setChunked(true);
        next();
    }

    /** Writes the first chunk alone, for an answer that is cut in its middle. */
    Future<Void> first() {
        response.setChunked(true);
        return vertx.executeBlocking(chunks::next, false)
                .compose(chunk -> chunk == null ? Future.succeededFuture() : response.write(Buffer.buffer(chunk)))
                .onComplete(v -> close());
    }

    private void next() {
        vertx.executeBlocking(chunks::next, false)
                .onSuccess(chunk -> {
                    if (chunk == null) {
                        close();
                        response.end();
                        return;
                    }
                    // one chunk at a time: a drain handler may be called while the next chunk is under way already
                    response.write(Buffer.buffer(chunk)).onSuccess(v -> next()).onFailure(e -> close());
                })
                .onFailure(e -> {
                    LOG.error("The sandbox failed in the middle of an answer.", e);
                    close();
                    response.reset();
                });
    }

    private void close() {
        try {
            chunks.close();
        } catch (IOException e) {
            LOG.warn("The sandbox can't close what it read an answer from.", e);
        }
    }
}

package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.store.Row;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;

import java.util.Iterator;
import java.util.function.Function;

/** Writes all live rows as JSON lines, as fast as the reader takes them. */
final class RecordStream {

    private static final int ROWS_A_CHUNK = 500;

    private final Vertx vertx;
    private final HttpServerResponse response;
    private final Iterator<Row> rows;
    private final Function<Row, ObjectNode> show;

    RecordStream(Vertx vertx, HttpServerResponse response, Iterator<Row> rows, Function<Row, ObjectNode> show) {
        this.vertx = vertx;
        this.response = response;
        this.rows = rows;
        this.show = show;
    }

    void begin() {
        response.setChunked(true);
        next();
    }

    private void next() {
        vertx.executeBlocking(this::chunk, false).onSuccess(chunk -> {
            if (response.closed()) {
                return;
            }
            if (chunk.length() == 0) {
                response.end();
                return;
            }
            response.write(chunk);
            if (response.writeQueueFull()) {
                response.drainHandler(v -> next());
            } else {
                next();
            }
        }).onFailure(e -> response.close());
    }

    private Buffer chunk() {
        Buffer buffer = Buffer.buffer();
        for (int n = 0; n < ROWS_A_CHUNK && rows.hasNext();) {
            Row row = rows.next();
            if (!row.isDeleted()) {
                buffer.appendString(show.apply(row).toString()).appendByte((byte) '\n');
                n++;
            }
        }
        return buffer;
    }
}

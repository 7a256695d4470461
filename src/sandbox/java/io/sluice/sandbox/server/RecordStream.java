// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.function.Function;

/** Streams all live rows as JSON lines. */
final class RecordStream implements Answer.Chunks {

    private static final int ROWS_A_CHUNK = 500;

    private final Iterator<Row> rows;
    private final Function<Row, ObjectNode> show;

    RecordStream(Iterator<Row> rows, Function<Row, ObjectNode> show) {
        this.rows = rows;
        this.show = show;
    }

    @Override
    public byte[] next() {
        StringBuilder chunk = new StringBuilder();
        for (int n = 0; n < ROWS_A_CHUNK && rows.hasNext(); ) {
            Row row = rows.next();
            if (!row.isDeleted()) {
                chunk.append(show.apply(row)).append('\n');
                n++;
            }
        }
        return chunk.isEmpty() ? null : chunk.toString().getBytes(StandardCharsets.UTF_8);
    }
}

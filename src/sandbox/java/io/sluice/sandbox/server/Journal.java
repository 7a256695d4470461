// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Appends every accepted write and every counted request to a file before it is answered, one JSON line each. A commit
 * is one line, so a torn line loses a whole commit, which was never answered. Lines go to the operating system, not to
 * the disk: they survive the death of the process, not of the machine.
 */
public final class Journal implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonFactory FACTORY = JSON.getFactory();

    private final FileChannel channel;

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /** Creates a journal that keeps nothing. */
    public static Journal off() {
        return new Journal(null);
    }

    public static Journal open(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        try {
            if (channel.tryLock() != null) {
                return new Journal(channel);
            }
        } catch (OverlappingFileLockException e) {
            // the same process holds it: as if another did
        }
        channel.close();
        throw new IOException("another sandbox uses it; give each its own sluice.sandbox.data.");
    }

    void account(String account, String crm) {
        line(json -> {
            json.writeStringField("k", "account");
            json.writeStringField("a", account);
            json.writeStringField("crm", crm);
        });
    }

    /** Appends a line that is JSON already: limits, objects, fields, counters. */
    void line(JsonNode node) {
        if (channel != null) {
            try {
                append(JSON.writeValueAsBytes(node));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    void rows(String account, Map<Table, ? extends Iterable<Row>> rows) {
        line(json -> {
            json.writeStringField("k", "rows");
            json.writeStringField("a", account);
            json.writeObjectFieldStart("o");
            for (Map.Entry<Table, ? extends Iterable<Row>> entry : rows.entrySet()) {
                json.writeArrayFieldStart(entry.getKey().type().name());
                List<Field> stored = entry.getKey().type().fields().stream()
                        .filter(f -> f.column() >= 0)
                        .toList();
                for (Row row : entry.getValue()) {
                    row(json, stored, row);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        });
    }

    void rows(String account, Store.Commit commit) {
        rows(account, commit.rows());
    }

    void counted(String account, String operation, Request.Kind kind, long micros, boolean refused) {
        line(json -> {
            json.writeStringField("k", "call");
            json.writeStringField("a", account);
            json.writeStringField("op", operation);
            json.writeNumberField("t", micros);
            json.writeBooleanField("r", refused);
            json.writeBooleanField("l", kind == Request.Kind.LOGIN);
            if (kind == Request.Kind.EXEMPT) {
                json.writeBooleanField("e", true);
            }
        });
    }

    void answered(String account, int status, Map<String, Integer> written) {
        line(json -> {
            json.writeStringField("k", "done");
            json.writeStringField("a", account);
            json.writeNumberField("s", status);
            if (!written.isEmpty()) {
                json.writeObjectField("w", written);
            }
        });
    }

    /** Appends rows that were written after the request for them was answered. */
    void wrote(String account, Map<String, Integer> written) {
        line(json -> {
            json.writeStringField("k", "wrote");
            json.writeStringField("a", account);
            json.writeObjectField("w", written);
        });
    }

    /** Appends the use of an allocation that requests do not spend. */
    void spent(String account, String allocation, long micros) {
        line(json -> {
            json.writeStringField("k", "spent");
            json.writeStringField("a", account);
            json.writeStringField("n", allocation);
            json.writeNumberField("t", micros);
        });
    }

    /** Appends the maximum number of concurrent writes of one record. */
    void met(String account, int writes) {
        line(json -> {
            json.writeStringField("k", "met");
            json.writeStringField("a", account);
            json.writeNumberField("n", writes);
        });
    }

    void reset(String account) {
        line(json -> {
            json.writeStringField("k", "reset");
            json.writeStringField("a", account);
        });
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    private static void row(JsonGenerator json, List<Field> stored, Row row) throws IOException {
        json.writeStartArray();
        json.writeNumber(row.number());
        json.writeNumber(row.created());
        json.writeString(row.createdBy());
        json.writeNumber(row.modified());
        json.writeNumber(row.stamp());
        json.writeString(row.modifiedBy());
        json.writeNumber(row.life().ordinal());
        json.writeStartObject();
        for (Field field : stored) {
            Object value = row.value(field.column());
            if (value != null) {
                json.writeFieldName(field.name());
                json.writeObject(value);
            }
        }
        json.writeEndObject();
        json.writeEndArray();
    }

    private interface Members {
        void write(JsonGenerator json) throws IOException;
    }

    private void line(Members members) {
        if (channel == null) {
            return;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        append(bytes.toByteArray());
    }

    private synchronized void append(byte[] line) {
        ByteBuffer buffer =
                ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox can't write its data file.", e);
        }
    }
}

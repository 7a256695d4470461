// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Restores the accounts from the journal, and rewrites the journal when most of it is outdated. */
public final class JournalReplay {

    private static final Logger LOG = LoggerFactory.getLogger(JournalReplay.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROWS_A_LINE = 500;

    private final Accounts accounts;
    private long lines;
    private long rowImages;

    public JournalReplay(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Reads the file if there is one; cuts off a torn last line. */
    public void replay(Path file) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        long whole = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 20)) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b != '\n') {
                    line.write(b);
                    continue;
                }
                apply(line.toByteArray());
                whole += line.size() + 1;
                line.reset();
            }
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "The data file " + file + " is damaged at byte " + whole
                            + ", which is not its end. Move it away to start empty.",
                    e);
        }
        if (whole < Files.size(file)) {
            LOG.warn("The data file {} ended in a torn line, which was never answered and is dropped.", file);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(whole);
            }
        }
        compact(file);
    }

    private void apply(byte[] line) throws IOException {
        lines++;
        JsonNode node = JSON.readTree(line);
        String name = node.path("a").asText();
        if ("account".equals(node.path("k").asText())) {
            accounts.create(name, node.path("crm").asText());
            return;
        }
        Account account = accounts.find(name).orElse(null);
        if (account == null) {
            return;
        }
        switch (node.path("k").asText()) {
            case "object" -> accounts.declareObject(account, node.path("object").asText(), node.path("spec"));
            case "field" ->
                accounts.declareField(
                        account,
                        node.path("object").asText(),
                        node.path("field").asText(),
                        node.path("spec"));
            case "retired" ->
                accounts.retireField(
                        account,
                        node.path("object").asText(),
                        node.path("field").asText());
            case "limits" -> accounts.changeLimits(account, node.path("spec"));
            case "kept" -> account.restoreKept(node.path("n").asText(), node.path("v"));
            case "rows" -> node.path("o").properties().forEach(e -> rows(account, e.getKey(), e.getValue()));
            case "call" -> call(account, node);
            case "done" -> account.counts().answered(node.path("s").asInt(), written(node));
            case "wrote" -> account.counts().wrote(written(node));
            case "spent" ->
                account.limiter().replay(node.path("n").asText(), node.path("t").asLong(), 1);
            case "met" ->
                account.counts().restoreMaxWritesInFlight(node.path("n").asInt());
            case "reset" -> account.counts().reset();
            case "counters" -> {
                account.counts().restore(node.path("counts"));
                node.path("windows").properties().forEach(e -> e.getValue().forEach(moment -> account.limiter()
                        .replay(
                                e.getKey(),
                                moment.get(0).asLong(),
                                moment.get(1).asInt())));
            }
            default -> LOG.warn("The data file holds a line of unknown kind {}; it is skipped.", node.path("k"));
        }
    }

    private static Map<String, Integer> written(JsonNode node) {
        Map<String, Integer> written = new HashMap<>();
        node.path("w")
                .properties()
                .forEach(e -> written.put(e.getKey(), e.getValue().asInt()));
        return written;
    }

    private static void call(Account account, JsonNode node) {
        String operation = node.path("op").asText();
        if (node.path("l").asBoolean()) {
            account.counts().login(operation);
        } else if (node.path("r").asBoolean()) {
            account.counts().refused(operation, node.path("e").asBoolean());
        } else {
            account.counts().accepted(operation, node.path("e").asBoolean());
            account.limiter()
                    .replay(
                            limit -> account.counts(operation, limit),
                            node.path("t").asLong(),
                            1);
        }
    }

    private void rows(Account account, String object, JsonNode images) {
        Table table = account.store().table(object).orElse(null);
        if (table == null) {
            return;
        }
        rowImages += images.size();
        List<Row> rows = new ArrayList<>(images.size());
        for (JsonNode image : images) {
            Map<String, Object> values = new HashMap<>();
            ObjectType type = table.type();
            image.get(7).properties().forEach(e -> type.field(e.getKey())
                    .ifPresent(field -> values.put(field.name(), kept(field, e.getValue()))));
            rows.add(Store.restored(
                    type,
                    image.get(0).asInt(),
                    values,
                    image.get(1).asLong(),
                    image.get(2).asText(),
                    image.get(3).asLong(),
                    image.get(4).asLong(),
                    image.get(5).asText(),
                    life(image.get(6))));
        }
        account.store().restore(table, rows);
    }

    /** Reads the life of a row: a number, or in older files whether it was deleted. */
    private static Row.Life life(JsonNode image) {
        return Row.Life.values()[image.asInt()];
    }

    private static Object kept(Field field, JsonNode value) {
        if (value.isTextual()) {
            // some CRMs keep all values as text
            return value.asText();
        }
        FieldType type = field.type();
        return switch (type) {
            case BOOLEAN -> value.asBoolean();
            case INT, DATE, TIME -> value.asInt();
            case DATETIME -> value.asLong();
            case DOUBLE, CURRENCY, PERCENT -> value.asDouble();
            default -> value.asText();
        };
    }

    /** Writes the present state to a new file when more than half of the old one is outdated. */
    private void compact(Path file) throws IOException {
        long rows = accounts.all().stream()
                .flatMap(a -> a.store().tables().stream())
                .mapToLong(Table::live)
                .sum();
        if (lines < 10_000 && rowImages < 2 * rows + 10_000) {
            return;
        }
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        try (Journal journal = Journal.open(next)) {
            for (Account account : accounts.all()) {
                write(journal, account);
            }
        }
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void write(Journal journal, Account account) {
        journal.account(account.name(), account.crm());
        account.declarations().forEach(journal::line);
        journal.line(Accounts.limitsLine(account, account.limiter().describe(false)));
        account.allKept().forEach((key, value) -> journal.line(Accounts.keptLine(account.name(), key, value)));
        for (Table table : account.store().tables()) {
            List<Row> chunk = new ArrayList<>(ROWS_A_LINE);
            for (Row row : table) {
                chunk.add(row);
                if (chunk.size() == ROWS_A_LINE) {
                    journal.rows(account.name(), Map.of(table, chunk));
                    chunk.clear();
                }
            }
            if (!chunk.isEmpty()) {
                journal.rows(account.name(), Map.of(table, chunk));
            }
        }
        ObjectNode counters = JSON.createObjectNode().put("k", "counters").put("a", account.name());
        counters.set("counts", account.counts().describe());
        ObjectNode windows = counters.putObject("windows");
        account.limiter().describe(false).fieldNames().forEachRemaining(name -> {
            ArrayNode moments = windows.putArray(name);
            account.limiter()
                    .forEachMoment(
                            name, (micros, n) -> moments.addArray().add(micros).add(n));
        });
        journal.line(counters);
    }
}

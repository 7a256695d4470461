// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sets fields of a record after a write, as a HubSpot workflow or a Salesforce flow does, and counts its runs. */
final class Flow {

    private static final String CREATED = "created";
    private static final String UPDATED = "updated";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\w+)}");

    private final Table table;
    private final Set<String> when;
    private final ObjectNode set;
    private final long delayMs;
    private final boolean within;
    private final AtomicLong runs = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private volatile String error;

    private Flow(Table table, Set<String> when, ObjectNode set, long delayMs, boolean within) {
        this.table = table;
        this.when = when;
        this.set = set;
        this.delayMs = delayMs;
        this.within = within;
    }

    /**
     * Reads a flow.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static Flow of(Table table, JsonNode rule) {
        Set<String> when = new LinkedHashSet<>();
        if (rule.path("when").isArray()) {
            rule.path("when").forEach(one -> when.add(one.asText()));
        } else {
            when.add(rule.path("when").asText(UPDATED));
        }
        if (!Set.of(CREATED, UPDATED).containsAll(when)) {
            throw new IllegalArgumentException("An automation runs \"when\" a record was \"created\" or \"updated\".");
        }
        if (!(rule.path("set") instanceof ObjectNode set) || set.isEmpty()) {
            throw new IllegalArgumentException("An automation has fields to \"set\": {\"tier\":\"gold\"}.");
        }
        set.fieldNames().forEachRemaining(name -> {
            if (table.type().field(name).isEmpty()) {
                throw new IllegalArgumentException(
                        table.type().name() + " has no field '" + name + "' that an automation could set.");
            }
        });
        return new Flow(
                table,
                when,
                set.deepCopy(),
                rule.path("delayMs").asLong(0),
                rule.path("within").asBoolean());
    }

    Table table() {
        return table;
    }

    /** Whether the flow runs before the write that starts it is answered. */
    boolean isWithin() {
        return within;
    }

    /** Answers the milliseconds between the write and the run. */
    long delayMs() {
        return delayMs;
    }

    /**
     * Whether a write starts the flow.
     *
     * @param before the record before the write, or null when it is new
     */
    boolean startsOn(Row before, Row after) {
        if (after.isDeleted()) {
            return false;
        }
        if (before == null || before.isDeleted()) {
            return when.contains(CREATED);
        }
        return when.contains(UPDATED)
                && table.type().fields().stream()
                        .filter(field -> field.column() >= 0)
                        .anyMatch(field -> !Objects.equals(before.value(field.column()), after.value(field.column())));
    }

    /**
     * Counts a run and answers the values it sets.
     *
     * @param now   the moment of the run
     * @param shown the record as its CRM shows it
     */
    ObjectNode run(String now, JsonNode shown) {
        long run = runs.incrementAndGet();
        JsonNode held = shown.path("properties").isObject() ? shown.path("properties") : shown;
        ObjectNode values = set.deepCopy();
        set.properties().stream()
                .filter(entry -> entry.getValue().isTextual())
                .forEach(entry ->
                        values.put(entry.getKey(), filled(entry.getValue().asText(), name -> switch (name) {
                            case "run" -> String.valueOf(run);
                            case "now" -> now;
                            default -> held.path(name).asText("");
                        })));
        return values;
    }

    private static String filled(String text, Function<String, String> values) {
        return PLACEHOLDER
                .matcher(text)
                .replaceAll(placeholder -> Matcher.quoteReplacement(values.apply(placeholder.group(1))));
    }

    void failed(String message) {
        failed.incrementAndGet();
        error = message;
    }

    ObjectNode describe() {
        ObjectNode described =
                JsonNodeFactory.instance.objectNode().put("object", table.type().name());
        when.forEach(described.putArray("when")::add);
        described.set("set", set);
        described
                .put("delayMs", delayMs)
                .put("within", within)
                .put("runs", runs.get())
                .put("failed", failed.get());
        return error == null ? described : described.put("error", error);
    }
}

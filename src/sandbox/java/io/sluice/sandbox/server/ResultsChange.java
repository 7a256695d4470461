// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/** Changes the per-record results of an answer as a fault of kind {@code results} says, whatever their form. */
public final class ResultsChange {

    /** Page in place of the results. */
    public static final String PAGE =
            "<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><h1>Please sign in</h1>"
                    + "</body></html>\n";

    private final JsonNode settings;

    public ResultsChange(Fault fault) {
        this.settings = fault.settings();
    }

    /** Whether a page replaces the results. */
    public boolean html() {
        return settings.path("html").asBoolean();
    }

    public boolean pending() {
        return settings.path("pending").asBoolean();
    }

    /** Answers how many results are reported as failed. */
    public int errors() {
        return settings.path("errors").asInt();
    }

    public String errorCode(String otherwise) {
        return settings.path("errorCode").asText(otherwise);
    }

    public String message() {
        return settings.path("message").asText(Fault.MESSAGE);
    }

    /** Answers what results say about the creation of their record, or null to leave it. */
    public Boolean created() {
        return settings.has("created") ? settings.path("created").asBoolean() : null;
    }

    /** Whether results have another id than their record's. */
    public boolean otherId() {
        return settings.path("otherId").asBoolean();
    }

    /**
     * Answers the results without the dropped ones, with doubled and foreign ones, in the requested order.
     *
     * @param foreign makes the result of another record out of one
     */
    public <T> List<T> changed(List<T> results, UnaryOperator<T> foreign) {
        if (settings.path("empty").asBoolean() || pending()) {
            return List.of();
        }
        List<T> changed = new ArrayList<>(
                results.subList(Math.min(results.size(), settings.path("drop").asInt()), results.size()));
        changed.addAll(
                0,
                List.copyOf(changed.subList(
                        0, Math.min(changed.size(), settings.path("double").asInt()))));
        if (!results.isEmpty()) {
            for (int i = 0; i < settings.path("foreign").asInt(); i++) {
                changed.add(foreign.apply(results.get(i % results.size())));
            }
        }
        switch (settings.path("order").asText()) {
            case "reversed" -> Collections.reverse(changed);
            case "shuffled" -> Collections.shuffle(changed);
            default -> {}
        }
        return changed;
    }
}

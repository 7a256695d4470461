// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.store.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds the offset of a read by search, and builds the search that continues from there ("Search the CRM"). A search
 * returns 10,000 records at most, and more records than that can have the same timestamp. So the search is paged up to
 * that limit, then starts again at the last timestamp; if all records had one timestamp, that timestamp is read by
 * record id.
 *
 * @param at   the timestamp at which the search starts
 * @param kind the kind of the search
 * @param mark the cursor of the page for {@link Kind#PAGE}; the last id for {@link Kind#ONE_STAMP}
 */
record SearchPage(Instant at, Kind kind, String mark) {

    static final int PAGE_SIZE = 200;
    private static final int MAX_RESULTS = 10_000;

    /** Tells how a search continues. */
    enum Kind {
        /** Reads all records from the timestamp on, by page. */
        PAGE,
        /** Reads the records of exactly this timestamp, by id. */
        ONE_STAMP,
        /** Reads all records after the timestamp. */
        AFTER
    }

    /** Parses what {@link #text()} wrote, or a time alone. */
    static SearchPage of(String text) {
        String[] parts = text.strip().split(" ");
        Instant at = Instant.parse(parts[0]);
        if (parts.length == 1) {
            return new SearchPage(at, Kind.PAGE, "0");
        }
        Kind kind = Kind.valueOf(parts[1].toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
        return new SearchPage(at, kind, parts.length == 3 ? parts[2] : "0");
    }

    String text() {
        return at + " " + kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + " " + mark;
    }

    /**
     * Builds the body of the search.
     *
     * @param stamp      the property with the time of the last change
     * @param properties the properties to read
     */
    String body(String stamp, List<String> properties) {
        String millis = Long.toString(at.toEpochMilli());
        List<Map<String, Object>> filters =
                switch (kind) {
                    case PAGE -> List.of(filter(stamp, "GTE", millis));
                    case AFTER -> List.of(filter(stamp, "GT", millis));
                    case ONE_STAMP -> List.of(filter(stamp, "EQ", millis), filter("hs_object_id", "GT", mark));
                };
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("filterGroups", List.of(Map.of("filters", filters)));
        body.put(
                "sorts",
                List.of(Map.of(
                        "propertyName", kind == Kind.ONE_STAMP ? "hs_object_id" : stamp, "direction", "ASCENDING")));
        body.put("properties", properties);
        body.put("limit", PAGE_SIZE);
        if (kind != Kind.ONE_STAMP && !mark.equals("0")) {
            body.put("after", mark);
        }
        return Json.text(body);
    }

    private static Map<String, Object> filter(String property, String operator, String value) {
        return Map.of("propertyName", property, "operator", operator, "value", value);
    }

    /** Returns the number of records before this page. */
    int recordsBefore() {
        return kind != Kind.ONE_STAMP && mark.matches("\\d{1,9}") ? Integer.parseInt(mark) : 0;
    }

    /**
     * Returns the next page, or null when this was the last.
     *
     * @param next   the cursor of the next page, or null
     * @param last   the timestamp of the page's last record, or null for an empty page
     * @param lastId the id of the page's last record
     */
    SearchPage next(String next, Instant last, String lastId) {
        if (kind == Kind.ONE_STAMP) {
            return next == null ? new SearchPage(at, Kind.AFTER, "0") : new SearchPage(at, Kind.ONE_STAMP, lastId);
        }
        if (next == null || last == null) {
            return null;
        }
        if (next.matches("\\d{1,9}") && Integer.parseInt(next) + PAGE_SIZE <= MAX_RESULTS) {
            return new SearchPage(at, kind, next);
        }
        return last.isAfter(at) ? new SearchPage(last, Kind.PAGE, "0") : new SearchPage(at, Kind.ONE_STAMP, "0");
    }
}

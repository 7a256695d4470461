package io.sluice.crm.hubspot;

import io.sluice.store.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a reading by search stands, and the search that goes on from there ("Search the CRM"). A search yields 10,000
 * records at most, and more than that can bear one stamp. So it is paged as long as it goes; then the next begins at the
 * last stamp; and where all of it was one stamp, that stamp is read on by the record's id.
 *
 * @param at   from this stamp on
 * @param kind how
 * @param mark {@link Kind#PAGE}: the page; {@link Kind#ONE_STAMP}: after this id
 */
record SearchPage(Instant at, Kind kind, String mark) {

    static final int PAGE_SIZE = 200;
    private static final int MOST = 10_000;

    /** How a search goes on. */
    enum Kind {
        /** All from the stamp on, a page of it. */
        PAGE,
        /** Records of this very stamp, by their ids. */
        ONE_STAMP,
        /** All after the stamp. */
        AFTER
    }

    /** Reads what {@link #text()} wrote, or a moment alone. */
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
     * The body of the search.
     *
     * @param stamp the property that tells when a record changed
     */
    String body(String stamp, List<String> properties) {
        String millis = Long.toString(at.toEpochMilli());
        List<Map<String, Object>> filters = switch (kind) {
            case PAGE -> List.of(filter(stamp, "GTE", millis));
            case AFTER -> List.of(filter(stamp, "GT", millis));
            case ONE_STAMP -> List.of(filter(stamp, "EQ", millis), filter("hs_object_id", "GT", mark));
        };
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("filterGroups", List.of(Map.of("filters", filters)));
        body.put("sorts", List.of(Map.of("propertyName", kind == Kind.ONE_STAMP ? "hs_object_id" : stamp,
                "direction", "ASCENDING")));
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

    /** How many records of this search stand before its page. */
    int read() {
        return kind != Kind.ONE_STAMP && mark.matches("\\d{1,9}") ? Integer.parseInt(mark) : 0;
    }

    /**
     * What follows a page, or null when this was the last.
     *
     * @param next  what the answer says of the next page, or null
     * @param last  stamp of the page's last record, or null where it is empty
     * @param lastId its id
     */
    SearchPage next(String next, Instant last, String lastId) {
        if (kind == Kind.ONE_STAMP) {
            return next == null ? new SearchPage(at, Kind.AFTER, "0") : new SearchPage(at, Kind.ONE_STAMP, lastId);
        }
        if (next == null || last == null) {
            return null;
        }
        if (next.matches("\\d{1,9}") && Integer.parseInt(next) + PAGE_SIZE <= MOST) {
            return new SearchPage(at, kind, next);
        }
        return last.isAfter(at) ? new SearchPage(last, Kind.PAGE, "0") : new SearchPage(at, Kind.ONE_STAMP, "0");
    }
}

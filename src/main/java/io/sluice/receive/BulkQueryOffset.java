package io.sluice.receive;

import io.sluice.store.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a reading by a job is.
 *
 * @param job      the CRM's id of it; null before it is created
 * @param since    when it was created
 * @param complete whether the CRM has read all records
 * @param page     where the page begins that comes next, as the CRM says it; null: the first
 */
record BulkQueryOffset(String job, Instant since, boolean complete, String page) {

    private static final BulkQueryOffset BEGINNING = new BulkQueryOffset(null, null, false, null);

    static BulkQueryOffset begun(String job, Instant now) {
        return new BulkQueryOffset(job, now, false, null);
    }

    BulkQueryOffset completed() {
        return new BulkQueryOffset(job, since, true, null);
    }

    BulkQueryOffset at(String nextPage) {
        return new BulkQueryOffset(job, since, true, nextPage);
    }

    /** @param text as below, or null */
    static BulkQueryOffset of(String text) {
        if (text == null) {
            return BEGINNING;
        }
        Map<String, Object> parts = Json.fields(text);
        return new BulkQueryOffset((String) parts.get("job"), Instant.parse((String) parts.get("since")),
                Boolean.TRUE.equals(parts.get("complete")), (String) parts.get("page"));
    }

    /** As a checkpoint keeps it. */
    String text() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("job", job);
        parts.put("since", since.toString());
        parts.put("complete", complete);
        parts.put("page", page);
        return Json.text(parts);
    }
}

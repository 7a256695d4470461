// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Offset of a bulk query.
 *
 * @param job      the CRM's id of the job; null before the job is created
 * @param since    time when the job was created
 * @param complete whether the CRM has read all records
 * @param page     the CRM's locator of the next page; null: the first page
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

    /** @param text text from {@link #text()}, or null at the beginning */
    static BulkQueryOffset of(String text) {
        if (text == null) {
            return BEGINNING;
        }
        Map<String, Object> parts = Json.fields(text);
        return new BulkQueryOffset(
                (String) parts.get("job"),
                Instant.parse((String) parts.get("since")),
                Boolean.TRUE.equals(parts.get("complete")),
                (String) parts.get("page"));
    }

    /** Returns the offset as JSON, for the table {@code checkpoint}. */
    String text() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("job", job);
        parts.put("since", since.toString());
        parts.put("complete", complete);
        parts.put("page", page);
        return Json.text(parts);
    }
}

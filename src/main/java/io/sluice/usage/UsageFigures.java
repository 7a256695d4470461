// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The sums over some calls.
 *
 * @param recordCalls  calls with records
 * @param records      records in the requests
 * @param bytes        size of the requests' bodies
 * @param answerBytes  size of the answers' bodies
 * @param errors       answers with a status of 400 or more, throttled ones included
 * @param throttled    answers that throttled a call
 * @param unanswered   calls without an answer
 * @param answerMillis time from the grant to the answer, of all answered calls together
 */
record UsageFigures(
        long calls,
        long recordCalls,
        long records,
        long bytes,
        long answerBytes,
        long errors,
        long throttled,
        long unanswered,
        long answerMillis) {

    static final UsageFigures NONE = new UsageFigures(0, 0, 0, 0, 0, 0, 0, 0, 0);

    UsageFigures plus(UsageFigures other) {
        return new UsageFigures(
                calls + other.calls,
                recordCalls + other.recordCalls,
                records + other.records,
                bytes + other.bytes,
                answerBytes + other.answerBytes,
                errors + other.errors,
                throttled + other.throttled,
                unanswered + other.unanswered,
                answerMillis + other.answerMillis);
    }

    /** The calls that would have been made in addition, had each carried one record. */
    long savedByBatching() {
        return records - recordCalls;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("calls", calls);
        json.put("records", records);
        json.put("bytes", bytes);
        json.put("answerBytes", answerBytes);
        json.put("errors", errors);
        json.put("throttled", throttled);
        json.put("unanswered", unanswered);
        return json;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.time.Instant;

/**
 * Offset of an endless stream: a journal, the changes of an object, or all records of an object by bulk queries.
 *
 * @param page         the CRM's offset of the next page, or of a journal's last stored file; null: the beginning
 * @param job          the CRM's id of the bulk query; null where there is none, or before it is created
 * @param jobCreatedAt time when the bulk query was created, or null
 * @param jobComplete  whether the bulk query has read all records
 */
record StreamOffset(String page, String job, Instant jobCreatedAt, boolean jobComplete) {

    static final StreamOffset BEGINNING = new StreamOffset(null, null, null, false);

    static StreamOffset ofJob(String job, Instant now) {
        return new StreamOffset(null, job, now, false);
    }

    StreamOffset completed() {
        return new StreamOffset(null, job, jobCreatedAt, true);
    }

    StreamOffset at(String nextPage) {
        return new StreamOffset(nextPage, job, jobCreatedAt, jobComplete);
    }
}

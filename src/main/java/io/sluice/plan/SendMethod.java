// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import io.sluice.Operation;
import java.util.Locale;

/**
 * A way to send records.
 *
 * @param operation  the operation on each record
 * @param maxRecords the maximum number of records of one call, or of one job
 */
public record SendMethod(Way way, Operation operation, int maxRecords) {

    /** One call for some records, one for several collections of them, or a job of several calls for very many. */
    public enum Way {
        COLLECTIONS,
        COMPOSITE,
        BULK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

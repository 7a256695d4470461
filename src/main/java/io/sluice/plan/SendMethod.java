// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import java.util.Locale;

/**
 * A way to send records.
 *
 * @param kamelet    the name of the writer, or the common prefix of the bulk Kamelets' names
 * @param maxRecords the maximum number of records of one call, or of one job
 */
public record SendMethod(Way way, String kamelet, int maxRecords) {

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

package io.sluice.plan;

import java.util.Locale;

/**
 * How work is sent.
 *
 * @param kamelet name of the writer, or what the names of the bulk Kamelets begin with
 * @param most    records of one call, or of one job
 */
public record SendMethod(Way way, String kamelet, int most) {

    /** One call for some records, one for several collections of them, or a job of several calls for very many. */
    public enum Way {
        COLLECTIONS, COMPOSITE, BULK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.List;
import java.util.Locale;

/**
 * Result of a call for one of its records.
 *
 * @param key         key of the record, as in the {@link RecordChange}
 * @param crmId       the CRM's id; null when its answer has none
 * @param code        the CRM's error code, or null
 * @param message     the CRM's own message, or null
 * @param fields      CRM fields that the CRM named as the cause; empty when it named none
 * @param uncertainty for {@link Status#RETRY}: whether the CRM may have written the record nevertheless
 */
public record Outcome(
        String key,
        Status status,
        String crmId,
        String code,
        String message,
        List<String> fields,
        Uncertainty uncertainty) {

    /** Whether a record that is retried may have been written already. */
    public enum Uncertainty {
        /** The record was certainly not written. */
        NONE,
        /** The CRM answered, but its answer does not prove whether it wrote the record. */
        UNPROVEN,
        /** No answer came, or only a gateway's: the CRM may still execute the call. */
        UNANSWERED
    }

    /** Decides what happens to the record next. */
    public enum Status {
        /** The CRM has written the record. */
        DONE,
        /** The record was not written, or that is unknown ({@link Uncertainty}); a retry may succeed. */
        RETRY,
        /** Another record holds a unique value of this one; that record may be about to change it. */
        TAKEN,
        /** A retry of the same values can't succeed. */
        REJECTED,
        /** The CRM has no record under the id that we know: the record was deleted, or merged into another. */
        GONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Outcome {
        fields = List.copyOf(fields);
    }

    /** Makes an outcome for which the CRM named no fields. */
    public Outcome(String key, Status status, String crmId, String code, String message) {
        this(key, status, crmId, code, message, List.of());
    }

    /** Makes an outcome without uncertainty. */
    public Outcome(String key, Status status, String crmId, String code, String message, List<String> fields) {
        this(key, status, crmId, code, message, fields, Uncertainty.NONE);
    }

    /** Makes the outcome of a record that is retried and may have been written. */
    public static Outcome uncertain(String key, Uncertainty uncertainty, String code, String message) {
        return new Outcome(key, Status.RETRY, null, code, message, List.of(), uncertainty);
    }

    /** Returns this outcome for a record that was certainly not written, whatever the answer was. */
    public Outcome notWritten() {
        return new Outcome(key, status, crmId, code, message, fields, Uncertainty.NONE);
    }

    /** Makes the outcome of a record that the answer to its call does not mention: it is retried. */
    public static Outcome noResult(String key) {
        return uncertain(key, Uncertainty.UNPROVEN, "NO_RESULT", "the answer has no result for this record");
    }

    /** Returns this outcome with the fields that the CRM named. */
    public Outcome withFields(List<String> fields) {
        return new Outcome(key, status, crmId, code, message, fields, uncertainty);
    }

    public static Outcome done(String key, String crmId) {
        return new Outcome(key, Status.DONE, crmId, null, null);
    }

    public static Outcome retry(String key, String code, String message) {
        return new Outcome(key, Status.RETRY, null, code, message);
    }

    /** Makes the outcome of a record whose known CRM id does not exist any more. */
    public static Outcome gone(String key, String code, String message) {
        return new Outcome(key, Status.GONE, null, code, message);
    }

    /**
     * Makes the outcome of a record whose write was answered with the id of another record: if that is true, the known one is
     * gone; if it is not, the known one was written.
     */
    public static Outcome otherRecord(String key, String message) {
        return new Outcome(key, Status.GONE, null, "OTHER_RECORD", message, List.of(), Uncertainty.UNPROVEN);
    }

    public static Outcome rejected(String key, String code, String message) {
        return new Outcome(key, Status.REJECTED, null, code, message);
    }

    /** @param fields CRM fields that hold the unique value; empty when the CRM named none */
    public static Outcome taken(String key, String code, String message, List<String> fields) {
        return new Outcome(key, Status.TAKEN, null, code, message, fields);
    }
}

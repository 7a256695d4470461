package io.sluice;

import java.util.List;

import java.util.Locale;

/**
 * What became of one record of a call.
 *
 * @param key     as in the {@link RecordChange}
 * @param crmId   the CRM's id, where its answer had one
 * @param code    the CRM's error code, or null
 * @param message the CRM's own words, or null
 * @param fields  the CRM fields that it named as the cause; empty where it named none
 * @param doubt   of a {@link Status#RETRY}: whether it may have been written all the same
 */
public record Outcome(String key, Status status, String crmId, String code, String message, List<String> fields,
        Doubt doubt) {

    /** What is not known of a record that is tried again. */
    public enum Doubt {
        /** It was certainly not written. */
        NONE,
        /** The call was answered, but the answer does not prove what became of the record. */
        UNPROVEN,
        /** No answer came, or only that of a gateway: the CRM may still execute the call. */
        UNANSWERED
    }

    /** What happens next to the record. */
    public enum Status {
        /** The CRM has it. */
        DONE,
        /** It was not written, or nobody knows ({@link Doubt}); sending it again may heal it. */
        RETRY,
        /** Another record has a unique value of it, which that one may be about to give up. */
        TAKEN,
        /** Sending the same again can't heal it. */
        REJECTED,
        /** The CRM says that under the id by which we know the record there is none: it was deleted, or merged into another. */
        GONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Outcome {
        fields = List.copyOf(fields);
    }

    /** Without fields. */
    public Outcome(String key, Status status, String crmId, String code, String message) {
        this(key, status, crmId, code, message, List.of());
    }

    /** Without doubt. */
    public Outcome(String key, Status status, String crmId, String code, String message, List<String> fields) {
        this(key, status, crmId, code, message, fields, Doubt.NONE);
    }

    /** Tries the record again, and says what is not known of it. */
    public static Outcome doubtful(String key, Doubt doubt, String code, String message) {
        return new Outcome(key, Status.RETRY, null, code, message, List.of(), doubt);
    }

    /** The same of a record that was certainly not written, whatever the answer was. */
    public Outcome undone() {
        return new Outcome(key, status, crmId, code, message, fields, Doubt.NONE);
    }

    /** Tries a record again of which an answer to its call says nothing. */
    public static Outcome noResult(String key) {
        return doubtful(key, Doubt.UNPROVEN, "NO_RESULT", "the answer has no result for this record");
    }

    /** The same, of fields that the CRM named. */
    public Outcome naming(List<String> fields) {
        return new Outcome(key, status, crmId, code, message, fields, doubt);
    }

    public static Outcome done(String key, String crmId) {
        return new Outcome(key, Status.DONE, crmId, null, null);
    }

    public static Outcome retry(String key, String code, String message) {
        return new Outcome(key, Status.RETRY, null, code, message);
    }

    /** Of a record whose CRM id is known. */
    public static Outcome gone(String key, String code, String message) {
        return new Outcome(key, Status.GONE, null, code, message);
    }

    public static Outcome rejected(String key, String code, String message) {
        return new Outcome(key, Status.REJECTED, null, code, message);
    }

    /** @param fields that hold the unique value, where the CRM named them */
    public static Outcome taken(String key, String code, String message, List<String> fields) {
        return new Outcome(key, Status.TAKEN, null, code, message, fields);
    }
}

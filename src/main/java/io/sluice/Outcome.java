package io.sluice;

import java.util.List;

import java.util.Locale;

/**
 * What became of one record of a call.
 *
 * @param key     as in the {@link Change}
 * @param crmId   the CRM's id, where its answer had one
 * @param code    the CRM's error code, or null
 * @param message the CRM's own words, or null
 * @param fields  the CRM fields that it named as the cause; empty where it named none
 */
public record Outcome(String key, Status status, String crmId, String code, String message, List<String> fields) {

    /** What happens next to the record. */
    public enum Status {
        /** The CRM has it. */
        DONE,
        /** It was not written, or nobody knows; sending it again may heal it. */
        RETRY,
        /** Sending the same again can't heal it. */
        REJECTED;

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

    /** The same, of fields that the CRM named. */
    public Outcome naming(List<String> fields) {
        return new Outcome(key, status, crmId, code, message, fields);
    }

    public static Outcome done(String key, String crmId) {
        return new Outcome(key, Status.DONE, crmId, null, null);
    }

    public static Outcome retry(String key, String code, String message) {
        return new Outcome(key, Status.RETRY, null, code, message);
    }

    public static Outcome rejected(String key, String code, String message) {
        return new Outcome(key, Status.REJECTED, null, code, message);
    }
}

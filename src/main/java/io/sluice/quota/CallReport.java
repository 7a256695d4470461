// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

/**
 * The report of a finished call.
 *
 * @param operation   the operation that was called; a permit is taken before the most urgent work is claimed
 * @param status      HTTP status; 0 when no answer came, so that the time at which the server counted the call is unknown
 * @param records     number of records in the call
 * @param bytes       size of the request's body
 * @param answerBytes size of the answer's body, or null
 * @param object      object of the records, several separated by commas, or null
 * @param signal      the CRM's signal that a limit is exceeded, or null
 */
public record CallReport(
        String operation, int status, int records, long bytes, Long answerBytes, String object, ThrottleSignal signal) {

    public static final int NO_ANSWER = 0;

    public CallReport(String operation, int status, int records, long bytes) {
        this(operation, status, records, bytes, null);
    }

    public CallReport(String operation, int status, int records, long bytes, ThrottleSignal signal) {
        this(operation, status, records, bytes, null, null, signal);
    }

    /** This report with the object of the call's records. */
    public CallReport about(String objects) {
        return new CallReport(operation, status, records, bytes, answerBytes, objects, signal);
    }

    /** Whether the CRM throttled the call. */
    boolean isThrottled() {
        return signal != null && signal.isLimit();
    }
}

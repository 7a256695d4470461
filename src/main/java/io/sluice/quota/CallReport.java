package io.sluice.quota;

/**
 * What is reported of a call.
 *
 * @param operation what was called in the end: a permit is taken before it is known what is most urgent then
 * @param status  HTTP status; 0 when no answer came, so that nobody knows when the server counted it
 * @param records records in the call
 * @param bytes   size of the request's body
 * @param refusal that a limit is spent, or null
 */
public record CallReport(String operation, int status, int records, long bytes, ThrottleSignal refusal) {

    public static final int LOST = 0;

    public CallReport(String operation, int status, int records, long bytes) {
        this(operation, status, records, bytes, null);
    }
}

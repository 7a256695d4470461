package io.sluice.quota;

/**
 * What is reported of a call.
 *
 * @param status  HTTP status; 0 when no answer came, so that nobody knows when the server counted it
 * @param records records in the call
 * @param bytes   size of the request's body
 */
public record Answer(int status, int records, long bytes) {

    public static final int LOST = 0;
}

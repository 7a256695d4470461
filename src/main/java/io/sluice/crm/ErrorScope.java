// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/**
 * The scope of an answer that has no result for each record, which decides what happens to the records. A writer Kamelet sets
 * the header {@value #HEADER} where it knows more than the status says.
 */
public enum ErrorScope {

    /** No error of the call; its records have results of their own. */
    NONE,
    /** The content: one of the records may have spoilt the call for all, so they are sent in smaller calls. */
    RECORD,
    /** The object, whichever of its records are sent: it does not exist, or there is no right to it. Its sync is paused. */
    OBJECT,
    /** A transient error: the account is unavailable, or something is locked. A retry may succeed. */
    TRANSIENT;

    public static final String HEADER = "SluiceErrorScope";

    /** Whether a status is a 4xx about the content of the request, and not about the login or the rate. */
    public static boolean isOfRequest(int status) {
        return status >= 400 && status < 500 && status != 403 && of(status) != TRANSIENT;
    }

    /** The scope by the HTTP status alone (RFC 9110; 420, 423, 425 and 477 as vendors use them). 0: no answer came. */
    public static ErrorScope of(int status) {
        if (status >= 500) {
            return TRANSIENT;
        }
        return switch (status) {
            case 0, 401, 406, 408, 420, 423, 425, 429, 477 -> TRANSIENT;
            case 403, 404, 405, 415 -> OBJECT;
            default -> status < 300 ? NONE : RECORD;
        };
    }
}

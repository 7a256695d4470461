package io.sluice.crm;

/**
 * What an answer that has no result for each record is about, and so what becomes of the records. A writer Kamelet says it
 * in the header {@value #HEADER} where it knows more than the status does.
 */
public enum ErrorScope {

    /** Nothing is wrong with the call; its records have results of their own. */
    NOBODY,
    /** What was sent: one of the records may have spoilt it for all, so they go in smaller calls. */
    RECORD,
    /** The object, whichever of its records go: there is none, or no right to it. Its sync waits. */
    OBJECT,
    /** The moment: the account is not well, or something is locked. It is over by itself. */
    MOMENT;

    public static final String HEADER = "SluiceBlame";

    /** A 4xx that is about what was asked, and not about who asked or how often. */
    public static boolean isOfRequest(int status) {
        return status >= 400 && status < 500 && status != 403 && of(status) != MOMENT;
    }

    /** What the HTTP status alone says (RFC 9110; 420, 423, 425 and 477 as vendors use them). 0: no answer came. */
    public static ErrorScope of(int status) {
        if (status >= 500) {
            return MOMENT;
        }
        return switch (status) {
            case 0, 401, 406, 408, 420, 423, 425, 429, 477 -> MOMENT;
            case 403, 404, 405, 415 -> OBJECT;
            default -> status < 300 ? NOBODY : RECORD;
        };
    }
}

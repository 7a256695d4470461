package io.sluice.sandbox.salesforce.soql;

/** A query that can't be run, with the code Salesforce gives it: MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE. */
public final class MalformedQueryException extends RuntimeException {

    private final String code;

    MalformedQueryException(String code, String message) {
        super(message);
        this.code = code;
    }

    static MalformedQueryException malformed(String message) {
        return new MalformedQueryException("MALFORMED_QUERY", message);
    }

    public String code() {
        return code;
    }
}

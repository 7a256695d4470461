// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

/** Rejects a query, with Salesforce's code: MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE. */
public final class MalformedQueryException extends RuntimeException {

    private final String code;

    MalformedQueryException(String code, String message) {
        super(message);
        this.code = code;
    }

    static MalformedQueryException malformed(String message) {
        return new MalformedQueryException("MALFORMED_QUERY", message);
    }

    /** Builds INVALID_TYPE for an object that the org does not have. */
    public static MalformedQueryException noSuchObject(String name) {
        return new MalformedQueryException(
                "INVALID_TYPE",
                "sObject type '" + name + "' is not supported. If you are "
                        + "attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference "
                        + "your WSDL or the describe call for the appropriate names.");
    }

    public String code() {
        return code;
    }
}

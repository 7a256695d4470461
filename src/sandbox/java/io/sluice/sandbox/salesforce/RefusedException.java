// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

/** Ends the work on a request with an error for all of it. */
final class RefusedException extends RuntimeException {

    private final transient SalesforceError error;

    RefusedException(SalesforceError error) {
        super(error.message());
        this.error = error;
    }

    RefusedException(String code, String message) {
        this(SalesforceError.of(code, message));
    }

    SalesforceError error() {
        return error;
    }
}

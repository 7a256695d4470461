// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

/** Ends a request with an error of the whole request. */
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

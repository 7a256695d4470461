// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

/** Rejects a call that the state of its job does not allow, with Salesforce's code. */
public final class JobRefusedException extends RuntimeException {

    private final String code;

    JobRefusedException(String code, String message) {
        super(message);
        this.code = code;
    }

    static JobRefusedException state(String message) {
        return new JobRefusedException("INVALIDJOBSTATE", message);
    }

    public String code() {
        return code;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

/** Ends a job as failed; the message becomes its errorMessage. */
public final class JobFailedException extends RuntimeException {

    public JobFailedException(String message) {
        super(message);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

/** Rejects a PushTopic, with Salesforce's code. */
public final class InvalidTopicException extends RuntimeException {

    private final String code;

    InvalidTopicException(String code, String message) {
        super(message);
        this.code = code;
    }

    public String code() {
        return code;
    }
}

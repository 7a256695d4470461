// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

/** Rejects a body that is no SOAP envelope, or one that this API does not take; the message says what is wrong. */
public final class MalformedEnvelopeException extends Exception {

    MalformedEnvelopeException(String message) {
        super(message);
    }
}

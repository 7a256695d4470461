// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

/** Reports an event that can't be decoded, in a few fixed words without any value of a field. */
final class UndecodableEvent extends Exception {

    private static final long serialVersionUID = 1L;

    UndecodableEvent(String message) {
        super(message);
    }

    UndecodableEvent(String message, Throwable cause) {
        super(message, cause);
    }
}

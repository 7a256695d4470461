// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Holds what a connect delivers.
 *
 * @param messages events with their channels, oldest first
 * @param error    why nothing is delivered any more, or null
 */
record Delivery(List<ObjectNode> messages, String error) {

    static final Delivery NONE = new Delivery(List.of(), null);

    static Delivery failed(String error) {
        return new Delivery(List.of(), error);
    }

    boolean isEmpty() {
        return messages.isEmpty() && error == null;
    }
}

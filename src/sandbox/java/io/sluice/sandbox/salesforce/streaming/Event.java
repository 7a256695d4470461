// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * Represents an event before it has a replay id.
 *
 * @param channels  the channels on which it is published, all of one kind
 * @param data      what subscribers receive; its {@code event} gets the replay id
 * @param isGarbled whether no subscriber can decode its binary form
 */
record Event(Set<String> channels, ObjectNode data, boolean isGarbled) {

    Event(Set<String> channels, ObjectNode data) {
        this(channels, data, false);
    }

    Event garbled() {
        return new Event(channels, data, true);
    }
}

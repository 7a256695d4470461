// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Counts something of an account beside its requests, for the referee. */
public interface Section {

    /** Answers the section's key in the referee's account. */
    String name();

    ObjectNode describe();

    /** Resets the counters. */
    void reset();
}

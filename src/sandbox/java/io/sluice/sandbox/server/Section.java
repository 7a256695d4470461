// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Something of an account that the referee counts beside its requests. */
public interface Section {

    /** The name under which it stands in the referee's account. */
    String name();

    ObjectNode describe();

    /** Counts from zero. */
    void reset();
}

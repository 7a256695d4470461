// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

/** Signals that a file of routes can't be read; the message is one sentence with the file and, where it is known, the line. */
final class InvalidRouteFile extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    InvalidRouteFile(String sentence, Exception cause) {
        super(sentence, cause);
    }
}

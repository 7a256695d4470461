// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.List;

/** Signals wrong settings or syncs, which a retry can't repair; a sentence for each. */
final class InvalidSettings extends Exception {

    private final transient List<String> problems;

    private InvalidSettings(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    static void unlessEmpty(List<String> problems) throws InvalidSettings {
        if (!problems.isEmpty()) {
            throw new InvalidSettings(problems);
        }
    }

    List<String> problems() {
        return problems;
    }
}

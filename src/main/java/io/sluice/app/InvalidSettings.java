// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.List;

/** Signals wrong settings or syncs, or a database of a newer version, which a retry can't repair; a sentence for each. */
final class InvalidSettings extends Exception {

    private final String cause;
    private final transient List<String> problems;

    private InvalidSettings(String cause, List<String> problems) {
        super(String.join("; ", problems));
        this.cause = cause;
        this.problems = List.copyOf(problems);
    }

    static void unlessEmpty(List<String> problems) throws InvalidSettings {
        if (!problems.isEmpty()) {
            throw new InvalidSettings("its settings or its syncs are wrong", problems);
        }
    }

    /** @param problem why this version must not run on the database, or null */
    static void unlessFitting(String problem) throws InvalidSettings {
        if (problem != null) {
            throw new InvalidSettings("it is too old for its database", List.of(problem));
        }
    }

    /** The cause for which Sluice stops, as the end of a sentence. */
    String cause() {
        return cause;
    }

    List<String> problems() {
        return problems;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures the bodies of answers for the ledger. */
public final class AnswerSize {

    private AnswerSize() {}

    /**
     * Returns the size of an answer's body in bytes, or null where it is not known.
     *
     * @param body text, or the file into which the answer was written
     */
    public static Long bytes(Object body) {
        if (body instanceof Path file) {
            try {
                return Files.size(file);
            } catch (IOException unreadable) {
                return null;
            }
        }
        return body instanceof String text ? (long) text.getBytes(StandardCharsets.UTF_8).length : null;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.camel.Message;

/** Reads the body of an answer as text. */
public final class AnswerText {

    private AnswerText() {}

    /**
     * Returns the body as text. A stream is read here and not by Camel's type converter, which all routes share: once a route
     * of one's own has converted an object of no known type to a text, the converter returns the name of a stream in place of
     * its content.
     */
    public static String of(Message message) {
        if (message.getBody() instanceof InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return message.getBody(String.class);
    }
}

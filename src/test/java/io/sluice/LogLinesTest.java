// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;

/** The lines of the log, as {@code log4j2.properties} writes them, whoever logs. */
class LogLinesTest {

    private static final int MAX_LENGTH = 500;
    /** Time, level and class. */
    private static final int PREFIX = 60;

    private static String line(String message) throws IOException {
        Properties settings = new Properties();
        try (InputStream file = LogLinesTest.class.getResourceAsStream("/log4j2.properties")) {
            settings.load(file);
        }
        return PatternLayout.newBuilder()
                .withPattern(settings.getProperty("appender.text.layout.pattern"))
                .build()
                .toSerializable(Log4jLogEvent.newBuilder()
                        .setLoggerName("io.sluice.send.OutboxDispatcher")
                        .setLevel(Level.WARN)
                        .setMessage(new SimpleMessage(message))
                        .build());
    }

    @Test
    void aLongLineIsCut() throws IOException {
        assertThat(line("x".repeat(100_000)))
                .hasSizeLessThan(MAX_LENGTH + PREFIX)
                .endsWith("...\n");
        assertThat(line("x".repeat(MAX_LENGTH))).contains("x".repeat(MAX_LENGTH) + "\n");
        assertThat(line("a list:\n" + "a mistake of some length\n".repeat(50)))
                .as("a message of many lines")
                .contains("a mistake of some length\n".repeat(50));
    }

    @Test
    void aRowThatTheDatabaseRejectedIsLeftOut() throws IOException {
        assertThat(line("ERROR: null value in column \"a\"\n  Detail: Failing row contains (1, secret)."))
                .contains("null value in column")
                .doesNotContain("secret");
    }
}

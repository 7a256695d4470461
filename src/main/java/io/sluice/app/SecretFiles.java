// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads secrets from files, as Kubernetes and Docker mount them: {@code X-file} names the file with {@code X}. */
final class SecretFiles {

    private static final String SUFFIX = "-file";

    private SecretFiles() {}

    /**
     * The settings with the contents of their files.
     *
     * @param prefix prefix of the settings' names, for messages
     * @throws IllegalArgumentException with the setting whose file can't be read, or that is given twice
     */
    static Map<String, String> read(String prefix, Map<String, String> settings) {
        Map<String, String> read = new LinkedHashMap<>();
        settings.forEach((name, value) -> {
            if (!name.endsWith(SUFFIX)) {
                read.put(name, value);
                return;
            }
            String secret = name.substring(0, name.length() - SUFFIX.length());
            if (settings.containsKey(secret)) {
                throw new IllegalArgumentException("application.properties: " + prefix + secret + " and " + prefix
                        + name + " say the same thing; take one of them out");
            }
            read.put(secret, text(prefix + name, value));
        });
        return read;
    }

    /** A file's text, without the line break at its end that editors add. */
    static String text(String setting, String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException | InvalidPathException unreadable) {
            throw new IllegalArgumentException(
                    "application.properties: " + setting + " names " + file
                            + ", which can't be read: "
                            + (unreadable instanceof NoSuchFileException
                                    ? "there is no such file"
                                    : unreadable.getMessage()),
                    unreadable);
        }
    }
}

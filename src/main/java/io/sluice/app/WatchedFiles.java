// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The files that a process reads only when it starts: routes, syncs and Kamelets, and the settings apart from those that
 * {@link SettingsFile} applies while it runs.
 */
final class WatchedFiles {

    private final List<Path> folders;
    private final Path settings;

    WatchedFiles(List<Path> folders, Path settings) {
        this.folders = List.copyOf(folders);
        this.settings = settings;
    }

    /** Returns the size and the time of the last change of each file, which cost less than its content. */
    Map<Path, String> stamps() {
        return read(file -> Files.size(file) + " " + Files.getLastModifiedTime(file));
    }

    /** Returns what a new process would read of each file. */
    Map<Path, String> contents() {
        return read(file -> {
            // any bytes are text in this encoding: a file that is no UTF-8 is compared like the others
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            return file.equals(settings) ? settingsAtStart(text) : text;
        });
    }

    /** Returns the files that differ, sorted by name. */
    static List<Path> changed(Map<Path, String> before, Map<Path, String> after) {
        return Stream.concat(before.keySet().stream(), after.keySet().stream())
                .distinct()
                .filter(file -> !Objects.equals(before.get(file), after.get(file)))
                .sorted()
                .toList();
    }

    @FunctionalInterface
    private interface Reading {
        String of(Path file) throws IOException;
    }

    private Map<Path, String> read(Reading reading) {
        Map<Path, String> found = new TreeMap<>();
        for (Path folder : folders) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> isYaml(folder.relativize(file)))
                        .forEach(file -> read(file.normalize(), reading, found));
            } catch (IOException | UncheckedIOException gone) {
                // a folder without files is compared like one that was deleted
            }
        }
        read(settings, reading, found);
        return found;
    }

    private static void read(Path file, Reading reading, Map<Path, String> found) {
        try {
            if (Files.isRegularFile(file)) {
                found.put(file, reading.of(file));
            }
        } catch (IOException gone) {
            // deleted in this moment, as by an editor that puts a new file in its place
        }
    }

    private static boolean isYaml(Path file) {
        return file.toString().endsWith(".yaml")
                && StreamSupport.stream(file.spliterator(), false)
                        .noneMatch(part -> part.toString().startsWith("."));
    }

    private static String settingsAtStart(String text) throws IOException {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IllegalArgumentException malformed) {
            return text;
        }
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().stream()
                .filter(name -> !SettingsFile.appliesWhileRunning(name))
                .forEach(name -> settings.put(name, properties.getProperty(name).strip()));
        return settings.toString();
    }
}

package io.sluice.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the file that declares a sync, so that a message can name it. */
record SyncFiles(Path folder) {

    /** @return null when no file there declares it */
    String declaring(String sync) {
        if (!Files.isDirectory(folder)) {
            return null;
        }
        Pattern declaration = Pattern.compile("(?m)^\\s*-?\\s*name:\\s*[\"']?" + Pattern.quote(sync) + "[\"']?\\s*$");
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).filter(file -> declares(file, declaration))
                    .map(Path::toString).findFirst().orElse(null);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static boolean declares(Path file, Pattern declaration) {
        try {
            return declaration.matcher(Files.readString(file)).find();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Archive of the product's classes as the JVM keeps them in memory, which the processes of the integration tests share: a start
 * with it needs a quarter less CPU time. The JVM accepts it for a class path of jars alone, so the classes are packed into one.
 * {@code mvn verify} makes it before the integration tests. Where there is none, or the classes have changed since, a process
 * starts without it.
 */
public final class ClassArchive {

    private static final Path CLASSES = Path.of("target", "classes");
    private static final Path FOLDER = Path.of("target", "class-archive").toAbsolutePath();
    private static final Path JAR = FOLDER.resolve("classes.jar");
    private static final Path ARCHIVE = FOLDER.resolve("classes.jsa");
    /** What the archive was made of; written last, so that it proves that the archive is whole. */
    private static final Path MADE_OF = FOLDER.resolve("made-of");

    private static final boolean CURRENT = isCurrent();

    private ClassArchive() {}

    /** Makes the archive; without one the tests take longer, so that no failure stops the build. */
    public static void main(String... none) {
        if (CURRENT) {
            return;
        }
        try {
            make();
        } catch (Exception | AssertionError failure) {
            System.err.println("The processes of the integration tests start without a class archive: " + failure);
        }
    }

    private static void make() throws Exception {
        delete(FOLDER);
        Path home = Files.createDirectories(FOLDER.resolve("home"));
        String madeOf = madeOf();
        pack();
        RunningSluice sluice = new RunningSluice(home).withBothCrms();
        try (sluice) {
            sluice.writeSettings();
            // the JVM makes no archive where a folder in the class path has files, so the settings are named
            sluice.start(List.of(
                    "-XX:ArchiveClassesAtExit=" + ARCHIVE,
                    "-Xlog:cds=off",
                    "-Dcamel.main.property-placeholder-location=file:application.properties",
                    "-cp",
                    classPath()));
            sluice.awaitSettled().stop();
        }
        assertThat(ARCHIVE).as(sluice::output).exists();
        delete(home);
        Files.writeString(MADE_OF, madeOf);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    /** Leaves out the settings: each process has its own. */
    private static void pack() throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--create", "--no-compress", "--file", JAR.toString()));
        try (Stream<Path> files = Files.list(CLASSES)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("application.properties"))
                    .forEach(name -> arguments.addAll(List.of("-C", CLASSES.toString(), name)));
        }
        int status = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, arguments.toArray(String[]::new));
        assertThat(status).as("status of jar").isZero();
    }

    /** Returns the arguments that start a process in a folder with its settings, from the archive if there is one. */
    static List<String> arguments(Path home) throws IOException {
        return CURRENT
                ? List.of("-XX:SharedArchiveFile=" + ARCHIVE, "-cp", classPath() + File.pathSeparator + home)
                : List.of("-cp", home + File.pathSeparator + RunningSluice.runtimeClassPath());
    }

    private static String classPath() throws IOException {
        return JAR + File.pathSeparator + dependencies();
    }

    private static String dependencies() throws IOException {
        return Files.readString(Path.of("target/runtime.classpath")).strip();
    }

    private static boolean isCurrent() {
        try {
            return Files.exists(MADE_OF) && Files.readString(MADE_OF).equals(madeOf());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Names the state of the compiled classes and resources, and the jars beside them. */
    private static String madeOf() throws IOException {
        try (Stream<Path> files = Files.walk(CLASSES)) {
            List<File> all = files.map(Path::toFile).filter(File::isFile).toList();
            return all.size() + " files, the newest of "
                    + all.stream().mapToLong(File::lastModified).max().orElse(0) + ", and " + dependencies();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Builds the last commit that does not have the newest migration, from the history of this clone and with the libraries of this
 * build: a version that a rolling update replaces, and that may start again on a schema which it does not know.
 *
 * @param bundle  folder with its routes, kamelets and settings
 * @param classes folder with its classes and resources
 */
record PreviousBuild(Path bundle, Path classes) {

    private static final Path FOLDER = Path.of("target", "previous");
    private static final String MIGRATIONS = "src/main/resources/db/migration";

    /** Makes the build, or takes it from an earlier run; without a history of the commits the test is skipped. */
    static PreviousBuild make() throws Exception {
        String commit = commit();
        Path bundle = FOLDER.resolve(commit).toAbsolutePath();
        PreviousBuild build = new PreviousBuild(bundle, bundle.resolve("target/classes"));
        Path whole = bundle.resolve("built");
        if (!Files.exists(whole)) {
            unpack(commit, bundle);
            build.compile();
            Files.createFile(whole);
        }
        return build;
    }

    private static String commit() throws Exception {
        boolean changed = !git("status", "--porcelain", "--", MIGRATIONS).isEmpty();
        String newest = changed ? "HEAD" : git("log", "-1", "--format=%H", "--", MIGRATIONS) + "^";
        return git("rev-parse", "--verify", newest + "^{commit}");
    }

    /** Runs git; where that fails there is no history, and the test is skipped. */
    private static String git(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        try {
            Process git = new ProcessBuilder(command).redirectErrorStream(true).start();
            String answer = new String(git.getInputStream().readAllBytes()).strip();
            assumeTrue(
                    git.waitFor() == 0,
                    () -> "There is no commit before the newest migration in this folder: " + answer);
            return answer;
        } catch (IOException missing) {
            assumeTrue(false, "The previous version is built from git's history: " + missing.getMessage());
            throw missing;
        }
    }

    private static void unpack(String commit, Path target) throws Exception {
        Path archive = Files.createDirectories(target).resolve("sources.zip");
        git(
                "archive",
                "--format=zip",
                "--output=" + archive,
                commit,
                "src/main",
                "src/sandbox",
                "routes",
                "kamelet-catalog",
                "application.properties");
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                if (!entry.isDirectory()) {
                    Path file = target.resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    try (InputStream content = zip.getInputStream(entry)) {
                        Files.copy(content, file, StandardCopyOption.REPLACE_EXISTING);
                    }
                }
            }
        }
    }

    private void compile() throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "-nowarn",
                "-proc:none",
                "-parameters",
                "-d",
                Files.createDirectories(classes).toString(),
                "-cp",
                Files.readString(Path.of("target/runtime.classpath")).strip()));
        for (String part : List.of("main", "sandbox")) {
            Path sources = bundle.resolve("src").resolve(part);
            try (Stream<Path> files = Files.walk(sources.resolve("java"))) {
                files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(arguments::add);
            }
            copy(sources.resolve("resources"));
        }
        StringWriter messages = new StringWriter();
        PrintWriter writer = new PrintWriter(messages);
        int status =
                ToolProvider.findFirst("javac").orElseThrow().run(writer, writer, arguments.toArray(String[]::new));
        assertThat(status).as(messages::toString).isZero();
    }

    private void copy(Path resources) throws IOException {
        try (Stream<Path> files = Files.walk(resources)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = classes.resolve(resources.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}

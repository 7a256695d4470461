// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the product's jar lacks the practice environment, which has a jar of its own. */
class PackagedJarsIT {

    private static final Path PRODUCT = Path.of("target/sluice-0.1.0.jar").toAbsolutePath();
    private static final Path SANDBOX =
            Path.of("target/sluice-0.1.0-sandbox.jar").toAbsolutePath();

    @TempDir
    Path home;

    private static List<String> files(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(ZipEntry::getName)
                    .filter(name -> !name.startsWith("META-INF/MANIFEST") && !name.startsWith("META-INF/maven"))
                    .toList();
        }
    }

    @Test
    void theProductsJarHasNoSandboxNoKeyAndNoFaults() throws IOException {
        assertThat(files(PRODUCT))
                .contains("io/sluice/app/Main.class", "db/migration/V1__sluice.sql")
                .noneMatch(
                        name -> name.matches("(io/sluice/(sandbox|demo)/|META-INF/services/io.sluice.app.Practice).*"))
                .noneMatch(name -> name.matches(".*\\.(pem|p12|key|jks)"));
        assertThat(files(SANDBOX))
                .contains("io/sluice/sandbox/Sandbox.class", "io/sluice/demo/Demo.class")
                .allMatch(name -> name.startsWith("io/sluice/sandbox/")
                        || name.startsWith("io/sluice/demo/")
                        || name.equals("META-INF/services/io.sluice.app.Practice"));
    }

    @Test
    void theProductAloneSaysWhatIsMissingWhereTheSandboxIsWanted() throws Exception {
        for (String setting : List.of("sluice.sandbox.enabled", "sluice.demo")) {
            Process process = start(setting);
            String output = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(output)
                    .contains(setting + " is true, but the sandbox is not on the class path: add the jar of"
                            + " io.sluice:sluice-sandbox");
        }
    }

    /** The image is so: a container has a database of its own beside it. */
    @Test
    void theProductWithoutTheEmbeddedDatabaseAsksForTheAddressOfAnother() throws Exception {
        String without =
                classPath().replaceAll("[^" + File.pathSeparator + "]*/io/zonky/[^" + File.pathSeparator + "]*", "");
        assertThat(without).isNotEqualTo(classPath());
        Process process = start(without, "sluice.database.url = embedded\n");
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isOne();
        assertThat(output)
                .contains(
                        "sluice.database.url is 'embedded', but the embedded PostgreSQL is not on the class path: set it to"
                                + " the JDBC URL of your database")
                .doesNotContain("\tat ");
    }

    private Process start(String setting) throws IOException {
        return start(classPath(), "sluice.database.url = jdbc:postgresql://127.0.0.1:1/none\n" + setting + " = true\n");
    }

    private static String classPath() throws IOException {
        return Files.readString(Path.of("target/runtime.classpath")).strip();
    }

    private Process start(String classPath, String settings) throws IOException {
        Files.writeString(
                home.resolve("application.properties"),
                "sluice.sandbox.enabled = false\nsluice.demo = false\n" + settings);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        home + File.pathSeparator + PRODUCT + File.pathSeparator + classPath,
                        "io.sluice.app.Main")
                .directory(home.toFile())
                .redirectErrorStream(true)
                .start();
    }
}

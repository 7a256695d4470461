// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks the sandbox with the vendors' own and independent clients: each folder below {@code src/test/clients} that has a
 * {@code package.json} is installed by npm, and its script {@code check} is run with the address of a sandbox of its own.
 * The script ends with 0 when all of its checks hold. Without npm or its registry nothing is checked, and that is
 * said.
 *
 * <pre>{@code mvn -q -Pclients verify}</pre>
 */
public final class ClientsMain {

    private static final Path CLIENTS = Path.of("src/test/clients");

    private ClientsMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (!hasNpm()) {
            System.out.println("npm is not installed: the checks of the sandbox by other clients are skipped.");
            return;
        }
        if (!isRegistryReachable()) {
            System.out.println(
                    "npm's registry can't be reached: the checks of the sandbox by other clients are skipped.");
            return;
        }
        List<String> failed = new ArrayList<>();
        for (Path client : clients()) {
            System.out.println("Checks by the client " + client.getFileName());
            if (!holds(client)) {
                failed.add(client.getFileName().toString());
            }
        }
        if (!failed.isEmpty()) {
            throw new IllegalStateException(
                    "Checks of the sandbox do not hold by the clients " + failed + ": see the lines with FAIL above.");
        }
    }

    private static List<Path> clients() throws IOException {
        try (Stream<Path> folders = Files.list(CLIENTS)) {
            return folders.filter(folder -> Files.exists(folder.resolve("package.json")))
                    .sorted()
                    .toList();
        }
    }

    private static boolean holds(Path client) throws IOException, InterruptedException {
        if (run(client, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent") != 0) {
            throw new IllegalStateException(
                    "npm can't install the client in " + client + ": check that its registry can be reached.");
        }
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            return run(client, "npm", "run", "--silent", "check", "--", "http://127.0.0.1:" + sandbox.port()) == 0;
        }
    }

    private static boolean hasNpm() throws InterruptedException {
        return isPossible("npm", "--version");
    }

    private static boolean isRegistryReachable() throws InterruptedException {
        return isPossible("npm", "view", "jsforce", "version");
    }

    private static boolean isPossible(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    private static int run(Path folder, String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .inheritIO()
                .start()
                .waitFor();
    }
}

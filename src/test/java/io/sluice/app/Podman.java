// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Runs pods in a network of their own, in which each is found by its name. Removes both at the end. */
final class Podman implements AutoCloseable {

    private static final String NETWORK = "sluice-pods";

    private final Path folder;
    private final Set<String> running = ConcurrentHashMap.newKeySet();

    /** @param folder folder of the logs */
    Podman(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        run("network", "exists", NETWORK).orElse("network", "create", NETWORK);
    }

    /** The output of a command. */
    private record Answer(int status, String text) {

        void orElse(String... command) throws IOException {
            if (status != 0) {
                run(command).orFail();
            }
        }

        String orFail() {
            if (status != 0) {
                throw new IllegalStateException("podman failed: " + text);
            }
            return text;
        }
    }

    private static Answer run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("podman"));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("podman", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " has not ended after two minutes");
            }
            return new Answer(process.exitValue(), Files.readString(output));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        } finally {
            Files.delete(output);
        }
    }

    void play(String pod, Path file) throws IOException {
        running.add(pod);
        run("kube", "play", "--network", NETWORK, file.toString()).orFail();
    }

    /** Deletes a pod: by SIGTERM and, after the grace period, SIGKILL; at once by SIGKILL if the period is 0. */
    void delete(String pod, int graceSeconds) throws IOException {
        if (graceSeconds > 0) {
            run("pod", "stop", "-t", Integer.toString(graceSeconds), pod);
        } else {
            run("pod", "kill", pod);
        }
        String log = run("pod", "logs", pod).text();
        Files.writeString(folder.resolve(pod + ".log"), log, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        run("pod", "rm", "-f", "-t", "0", pod).orFail();
        running.remove(pod);
    }

    /** The address of a pod in the network. */
    String address(String pod) throws IOException {
        String infra = run("pod", "inspect", "--format", "{{.InfraContainerID}}", pod)
                .orFail()
                .lines()
                .reduce((first, last) -> last)
                .orElseThrow();
        return run("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", infra)
                .orFail()
                .strip();
    }

    @Override
    public void close() throws IOException {
        for (String pod : Set.copyOf(running)) {
            delete(pod, 0);
        }
        run("network", "rm", "-f", NETWORK);
    }
}

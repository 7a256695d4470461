// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program of the bundle in a process of its own, with what its users have on the class path. */
final class BackgroundProcess implements AutoCloseable {

    private final Process process;
    private final Path log;

    /** @param settings become system properties */
    BackgroundProcess(String mainClass, Map<String, String> settings, Path log) throws IOException {
        this(mainClass, settings, log, 512);
    }

    /** @param heap MiB at most */
    BackgroundProcess(String mainClass, Map<String, String> settings, Path log, int heap) throws IOException {
        this(mainClass, settings, log, List.of("-Xmx" + heap + "m"));
    }

    /** @param jvm arguments of the JVM */
    BackgroundProcess(String mainClass, Map<String, String> settings, Path log, List<String> jvm) throws IOException {
        this.log = log;
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvm);
        command.addAll(List.of(
                "-cp",
                Path.of("target/classes").toAbsolutePath()
                        + File.pathSeparator
                        + Files.readString(Path.of("target/runtime.classpath")).strip()));
        settings.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.add(mainClass);
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        // a measurement that is cut short leaves nothing running
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly, "stop-" + process.pid()));
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException none) {
            throw new UncheckedIOException(none);
        }
    }

    /** @throws IllegalStateException with the end of what it said, when it has ended */
    void requireAlive() {
        if (!process.isAlive()) {
            throw new IllegalStateException("A process of the measurement ended by itself:\n" + output());
        }
    }

    /** The most memory that it ever held, in MiB, or -1 where the system does not tell. */
    long peakMemory() throws IOException {
        return status("VmHWM:");
    }

    /** The memory that it holds, in MiB, or -1 where the system does not tell. */
    long memory() throws IOException {
        return status("VmRSS:");
    }

    /** The processor time that it has used, in seconds. */
    double cpuSeconds() {
        return process.info()
                .totalCpuDuration()
                .map(used -> used.toNanos() / 1e9)
                .orElse(0.0);
    }

    /** Terminates it by SIGTERM, and waits until it is gone. @return seconds until then */
    double terminate() throws InterruptedException {
        long begin = System.nanoTime();
        process.destroy();
        process.waitFor();
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Kills it by SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private long status(String name) throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        return !Files.exists(status)
                ? -1
                : Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith(name))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                        .findFirst()
                        .orElse(-1);
    }

    private String output() {
        try {
            return Files.readString(log);
        } catch (IOException unreadable) {
            return "its output can't be read: " + unreadable;
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

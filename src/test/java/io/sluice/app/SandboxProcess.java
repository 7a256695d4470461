// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.nio.file.Path;

/** Runs the sandbox CRM alone, in a process of its own, as the README starts it. */
final class SandboxProcess {

    private SandboxProcess() {}

    static AutoCloseable start(Path home, int port) throws IOException {
        return start(home, port, "");
    }

    /** @param data file that keeps its commits, one a line; empty: none */
    static AutoCloseable start(Path home, int port, String data) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        RunningSluice.runtimeClassPath(),
                        "-Dsluice.sandbox.port=" + port,
                        "-Dsluice.sandbox.data=" + data,
                        "io.sluice.sandbox.Sandbox")
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("sandbox.log").toFile())
                .start();
        return () -> process.destroyForcibly().waitFor();
    }
}

package io.sluice.app;

import java.io.IOException;
import java.nio.file.Path;

/** The sandbox CRM alone, in a process of its own, as the README starts it. */
final class SandboxProcess {

    private SandboxProcess() {
    }

    static AutoCloseable start(Path home, int port) throws IOException {
        return start(home, port, "");
    }

    /** @param data where it keeps what it was told, a line a commit; empty: nowhere */
    static AutoCloseable start(Path home, int port, String data) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-cp", RunningSluice.runtimeClassPath(),
                "-Dsluice.sandbox.port=" + port, "-Dsluice.sandbox.data=" + data, "io.sluice.sandbox.Sandbox")
                .redirectErrorStream(true).redirectOutput(home.resolve("sandbox.log").toFile()).start();
        return () -> process.destroyForcibly().waitFor();
    }
}

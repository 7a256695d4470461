// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

/**
 * Answers the sandbox's time: microseconds since 1970 that never run backwards, so that windows and stamps are exact.
 */
public final class SandboxClock {

    private final long startMicros = System.currentTimeMillis() * 1000;
    private final long startNanos = System.nanoTime();

    public long micros() {
        return startMicros + (System.nanoTime() - startNanos) / 1000;
    }

    long millis() {
        return micros() / 1000;
    }
}

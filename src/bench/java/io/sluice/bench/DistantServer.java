// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import java.util.Random;
import java.util.concurrent.Callable;

/** A server behind a network: a call takes 5 to 80 ms, some of it before it is counted and some after. */
final class DistantServer implements Callable<Integer> {

    static final int ACCEPTED = 200;
    static final int REFUSED = 429;

    private static final int LEAST_MS = 5;
    private static final int MOST_MS = 80;

    private final RollingWindow window;
    private final Random random;

    DistantServer(Limit limit, long seed) {
        this.window = new RollingWindow(limit);
        this.random = new Random(seed);
    }

    RollingWindow window() {
        return window;
    }

    /** Makes one call. Answers its HTTP status. */
    @Override
    public Integer call() throws InterruptedException {
        int millis = LEAST_MS + random.nextInt(MOST_MS - LEAST_MS + 1);
        int before = random.nextInt(millis + 1);
        Thread.sleep(before);
        boolean accepted = window.arrive();
        Thread.sleep(millis - before);
        return accepted ? ACCEPTED : REFUSED;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The server's side of a limit: at most {@code max} accepted arrivals in any window, by the time they arrive. It is
 * open for one run; what arrives before or after is turned away and not counted.
 */
final class RollingWindow {

    private final int max;
    private final long window;
    private final List<Long> accepted = new ArrayList<>();
    private int refused;
    private boolean open;
    private long end;

    RollingWindow(Limit limit) {
        this.max = Math.toIntExact(limit.max());
        this.window = limit.window().toNanos();
    }

    synchronized void open(Duration run) {
        open = true;
        end = System.nanoTime() + run.toNanos();
    }

    /** @return whether it is accepted */
    synchronized boolean arrive() {
        long now = System.nanoTime();
        if (!open || now - end >= 0) {
            return false;
        }
        int size = accepted.size();
        if (size >= max && now - accepted.get(size - max) < window) {
            refused++;
            return false;
        }
        accepted.add(now);
        return true;
    }

    synchronized int accepted() {
        return accepted.size();
    }

    synchronized int refused() {
        return refused;
    }

    /**
     * What part of the limit would be used in a run without an end: how long {@code max} accepted calls took from each
     * to the one {@code max} later, on average. A run of whole windows hides it from one who sends in bursts.
     */
    synchronized double pace() {
        int spans = accepted.size() - max;
        if (spans <= 0) {
            return Double.NaN;
        }
        double total = 0;
        for (int i = 0; i < spans; i++) {
            total += accepted.get(i + max) - accepted.get(i);
        }
        return window / (total / spans);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Section;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Holds the open subscriptions of one account, and counts for the referee. */
final class Delivered implements Section, Subscription.Counts {

    private final Set<Subscription> open = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean waking = new AtomicBoolean();
    private final AtomicLong events = new AtomicLong();
    private final AtomicLong keepAlives = new AtomicLong();

    void add(Subscription subscription) {
        open.add(subscription);
    }

    void remove(Subscription subscription) {
        open.remove(subscription);
    }

    /** Whether the caller is the one to wake the subscriptions. */
    boolean mayWake() {
        return !open.isEmpty() && waking.compareAndSet(false, true);
    }

    void wake() {
        waking.set(false);
        open.forEach(Subscription::pump);
    }

    void tick() {
        open.forEach(Subscription::tick);
    }

    /** Ends all subscriptions as a server does that goes. */
    void cut() {
        open.forEach(Subscription::cut);
    }

    @Override
    public void delivered(int more) {
        events.addAndGet(more);
    }

    @Override
    public void keptAlive() {
        keepAlives.incrementAndGet();
    }

    @Override
    public String name() {
        return "pubsub";
    }

    @Override
    public ObjectNode describe() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("subscriptions", open.size())
                .put("delivered", events.get())
                .put("keepAlives", keepAlives.get());
    }

    @Override
    public void reset() {
        events.set(0);
        keepAlives.set(0);
    }
}

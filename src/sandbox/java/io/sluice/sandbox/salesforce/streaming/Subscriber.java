// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Represents a client between its handshake and its end: its subscriptions, and the long poll that waits for events.
 * Guarded by the lock of its stream.
 */
final class Subscriber {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ID_LENGTH = 27;

    private final String id = random();
    private final String cookie = random();
    /** Replay ids after which events are due, by channel. */
    private final Map<String, Long> positions = new LinkedHashMap<>();

    private CompletableFuture<Delivery> poll;
    private long answered;
    private boolean connected;

    Subscriber(long nowMicros) {
        answered = nowMicros;
    }

    String id() {
        return id;
    }

    /** Answers the value of the cookie that the client must send with each message. */
    String cookie() {
        return cookie;
    }

    Map<String, Long> positions() {
        return positions;
    }

    /** Answers whether this is the first connect, which is answered at once. */
    boolean connects() {
        boolean first = !connected;
        connected = true;
        return first;
    }

    /** Replaces the long poll; one that still waits is answered without events. */
    void waitsWith(CompletableFuture<Delivery> next) {
        release();
        poll = next;
    }

    /** Answers the waiting long poll without events. */
    void release() {
        if (poll != null) {
            poll.complete(Delivery.NONE);
        }
    }

    boolean isWaiting() {
        return poll != null && !poll.isDone();
    }

    /** Answers the waiting long poll; answers false when its client has gone meanwhile. */
    boolean deliver(Delivery delivery) {
        return poll.complete(delivery);
    }

    /** Notes an answer to the client: it must connect again in time. */
    void answeredAt(long nowMicros) {
        answered = nowMicros;
    }

    /** Whether the client did not connect again in time after an answer. */
    boolean isLost(long nowMicros, long reconnectMillis) {
        return !isWaiting() && nowMicros - answered > reconnectMillis * 1000;
    }

    private static String random() {
        StringBuilder text = new StringBuilder(ID_LENGTH);
        RANDOM.ints(ID_LENGTH, 0, 36).forEach(digit -> text.append(Character.forDigit(digit, 36)));
        return text.toString();
    }
}

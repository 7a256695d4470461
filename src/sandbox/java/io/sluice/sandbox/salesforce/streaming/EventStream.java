// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Delivers the events of one account to its clients, and counts the deliveries. A client is a position in the log of
 * events for each of its channels. A long poll is a future that nobody waits for: no thread is held.
 */
final class EventStream implements Section {

    /** Maximum number of events in one answer. */
    private static final int EVENTS_AN_ANSWER = 200;

    private final Account account;
    private final Predicate<String> spend;
    private final LongSupplier clockMicros;
    private final EventLog log;
    private final Map<String, Subscriber> clients = new LinkedHashMap<>();
    private final Map<String, Long> delivered = new TreeMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private boolean waking;
    private StreamSettings settings = StreamSettings.DEFAULT;

    /** @param spend spends one of an allocation, and answers false when none is left */
    EventStream(Account account, Predicate<String> spend, LongSupplier clockMicros) {
        this.account = account;
        this.spend = spend;
        this.clockMicros = clockMicros;
        // higher than all ids of an earlier run, because nobody publishes an event a millisecond for long
        this.log = new EventLog(clockMicros.getAsLong() / 1000);
    }

    synchronized StreamSettings settings() {
        return settings;
    }

    synchronized void settings(JsonNode changed) {
        settings = settings.with(changed);
    }

    /** Returns to the default settings and forgets all events and clients. */
    synchronized void clear() {
        settings = StreamSettings.DEFAULT;
        expireEvents();
        dropClients();
    }

    /** Drops all events, as if their retention were over. */
    synchronized void expireEvents() {
        log.clear();
    }

    /** Forgets all clients, as a server of Salesforce does when it is replaced; their next message tells them. */
    synchronized void dropClients() {
        List.copyOf(clients.values()).forEach(this::remove);
    }

    /** Begins a client; empty when there are too many. */
    synchronized Optional<Subscriber> handshake() {
        long now = clockMicros.getAsLong();
        sweep(now);
        if (clients.size() >= settings.maxClients()) {
            return Optional.empty();
        }
        Subscriber client = new Subscriber(now);
        clients.put(client.id(), client);
        return Optional.of(client);
    }

    /** Finds a client that is still known. */
    synchronized Optional<Subscriber> client(String id) {
        sweep(clockMicros.getAsLong());
        return Optional.ofNullable(clients.get(id));
    }

    private void sweep(long now) {
        clients.values().removeIf(client -> client.isLost(now, settings.reconnectMillis()));
    }

    /** Ends a client. */
    synchronized void remove(Subscriber client) {
        clients.remove(client.id());
        client.release();
    }

    /** Notes an answer to the client. */
    synchronized void answered(Subscriber client) {
        client.answeredAt(clockMicros.getAsLong());
    }

    /**
     * Subscribes a client.
     *
     * @param replayId -1 for new events, -2 for all retained ones, or the id of the last event that the client has
     * @return false when the replay id is not that of a retained event
     */
    synchronized boolean subscribe(Subscriber client, String channel, long replayId) {
        if (replayId < -2 || replayId >= 0 && !log.contains(channel, replayId, clockMicros.getAsLong())) {
            return false;
        }
        client.positions().put(channel, replayId == -1 ? log.last() : Math.max(0, replayId));
        wakeSoon();
        return true;
    }

    synchronized void unsubscribe(Subscriber client, String channel) {
        client.positions().remove(channel);
    }

    /** Whether no deliveries are left on this channel. */
    boolean isExhausted(String channel) {
        return account.limiter()
                .usage(Channel.kindOf(channel).allocation())
                .filter(usage -> usage.used() >= usage.max())
                .isPresent();
    }

    /**
     * Answers the events that are due, or waits for the next ones. The future is cancelled when the client goes.
     *
     * @param most maximum time to wait in milliseconds
     */
    synchronized CompletableFuture<Delivery> connect(Subscriber client, long most) {
        CompletableFuture<Delivery> poll = new CompletableFuture<>();
        client.waitsWith(poll);
        poll.whenComplete((delivery, gone) -> answered(client));
        deliver(client);
        if (most <= 0) {
            client.release();
        } else {
            poll.completeOnTimeout(Delivery.NONE, most, TimeUnit.MILLISECONDS);
        }
        return poll;
    }

    /** Publishes events to the clients that wait for them, and to those that come later. */
    synchronized void publish(List<Event> events) {
        long now = clockMicros.getAsLong();
        events.forEach(event -> log.add(event, now, settings.eventsKept()));
        wakeSoon();
        listeners.forEach(Runnable::run);
    }

    /** Calls this after each publication, under the lock of the store: it must return at once. */
    void onPublish(Runnable listener) {
        listeners.add(listener);
    }

    /** Answers the first retained events of a channel after a replay id. */
    synchronized List<EventLog.Due> after(String channel, long replayId, int most) {
        return log.after(channel, replayId, most, clockMicros.getAsLong());
    }

    /** Whether all events after this replay id are retained. */
    synchronized boolean isComplete(long replayId) {
        return log.isComplete(replayId, clockMicros.getAsLong());
    }

    /** Whether this is a replay id within the retention. */
    synchronized boolean isRetained(long replayId) {
        return log.isRetained(replayId, clockMicros.getAsLong());
    }

    /** Answers a replay id after which nothing was published. */
    synchronized long mark() {
        return log.mark(clockMicros.getAsLong());
    }

    /** Spends one delivery on a channel and counts it; answers false when none is left. */
    boolean spend(String channel) {
        if (!spend.test(Channel.kindOf(channel).allocation())) {
            return false;
        }
        count(channel);
        return true;
    }

    private synchronized void count(String channel) {
        delivered.merge(channel, 1L, Long::sum);
    }

    /** Answers the clients that wait by another thread: the caller may hold the lock of the store. */
    private void wakeSoon() {
        if (!waking && clients.values().stream().anyMatch(Subscriber::isWaiting)) {
            waking = true;
            ForkJoinPool.commonPool().execute(this::wake);
        }
    }

    private synchronized void wake() {
        waking = false;
        List.copyOf(clients.values()).stream().filter(Subscriber::isWaiting).forEach(this::deliver);
    }

    /** Answers the waiting client when something is due; keeps its position when it has gone. */
    private void deliver(Subscriber client) {
        Map<String, Long> before = Map.copyOf(client.positions());
        Delivery delivery = due(client);
        if (!delivery.isEmpty() && !client.deliver(delivery)) {
            client.positions().putAll(before);
        }
    }

    private Delivery due(Subscriber client) {
        long now = clockMicros.getAsLong();
        List<Message> due = new ArrayList<>();
        for (String channel : client.positions().keySet()) {
            log.after(channel, client.positions().get(channel), EVENTS_AN_ANSWER, now)
                    .forEach(one -> due.add(new Message(channel, one)));
        }
        due.sort(Comparator.comparingLong(message -> message.due().replayId()));
        List<ObjectNode> messages = new ArrayList<>();
        for (Message message : due.subList(0, Math.min(EVENTS_AN_ANSWER, due.size()))) {
            if (!spend.test(Channel.kindOf(message.channel()).allocation())) {
                return messages.isEmpty() ? Delivery.failed(Bayeux.OVER_ALLOCATION) : new Delivery(messages, null);
            }
            client.positions().put(message.channel(), message.due().replayId());
            delivered.merge(message.channel(), 1L, Long::sum);
            ObjectNode sent = JsonNodeFactory.instance.objectNode();
            sent.set("data", message.due().event().data());
            messages.add(sent.put("channel", message.channel()));
        }
        if (messages.size() == due.size()) {
            // nothing up to here is due again, so that the next look does not pass the other channels' events
            client.positions().replaceAll((channel, position) -> log.last());
        }
        return new Delivery(messages, null);
    }

    private record Message(String channel, EventLog.Due due) {}

    @Override
    public String name() {
        return "streaming";
    }

    @Override
    public synchronized ObjectNode describe() {
        sweep(clockMicros.getAsLong());
        ObjectNode all = JsonNodeFactory.instance
                .objectNode()
                .put("clients", clients.size())
                .put(
                        "waiting",
                        clients.values().stream().filter(Subscriber::isWaiting).count())
                .put(
                        "subscriptions",
                        clients.values().stream()
                                .mapToInt(client -> client.positions().size())
                                .sum())
                .put("retained", log.size());
        ObjectNode byChannel = all.putObject("delivered");
        delivered.forEach(byChannel::put);
        return all;
    }

    @Override
    public synchronized void reset() {
        delivered.clear();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Holds the webhooks of an account's only app: their address and subscriptions. They are stored in the journal. */
public final class App {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEPT = "webhooks";
    private static final long FIRST_ID = 7001;

    private final Account account;
    private volatile Read read;

    /** Holds the persistent state. */
    private record State(Settings settings, List<Subscription> subscriptions, long nextId) {}

    /** Caches the state that was parsed last, because every event reads it. */
    private record Read(JsonNode kept, State state) {}

    public App(Account account) {
        this.account = account;
    }

    public Settings settings() {
        return state().settings;
    }

    public List<Subscription> subscriptions() {
        return state().subscriptions;
    }

    /** Changes the named settings, such as {@code {"targetUrl":"http://..."}}. */
    public synchronized Settings change(JsonNode named) {
        State state = state();
        ObjectNode all = JSON.valueToTree(state.settings);
        all.fieldNames().forEachRemaining(name -> {
            if (named.has(name)) {
                all.set(name, named.get(name));
            }
        });
        Settings settings = read(all, Settings.class);
        keep(new State(settings, state.subscriptions, state.nextId));
        return settings;
    }

    /** Removes the address, so that nothing is sent. */
    public synchronized void mute() {
        State state = state();
        Settings old = state.settings;
        keep(new State(
                new Settings(
                        null,
                        old.maxConcurrentRequests(),
                        old.secret(),
                        old.timeScale(),
                        old.batchMs(),
                        old.signatureVersion()),
                state.subscriptions,
                state.nextId));
    }

    /** Adds a subscription, or answers the equal one that exists. */
    public synchronized Subscription subscribe(
            String eventType, String objectTypeId, String propertyName, boolean active, long now) {
        State state = state();
        Subscription fresh = new Subscription(state.nextId, eventType, objectTypeId, propertyName, active, now);
        Optional<Subscription> there =
                state.subscriptions.stream().filter(fresh::isLike).findFirst();
        if (there.isPresent()) {
            return there.get();
        }
        List<Subscription> all = new ArrayList<>(state.subscriptions);
        all.add(fresh);
        keep(new State(state.settings, all, state.nextId + 1));
        return fresh;
    }

    public synchronized void activate(long id, boolean active) {
        State state = state();
        keep(new State(
                state.settings,
                state.subscriptions.stream()
                        .map(s -> s.id() == id ? s.withActive(active) : s)
                        .toList(),
                state.nextId));
    }

    public synchronized void unsubscribe(long id) {
        State state = state();
        keep(new State(
                state.settings,
                state.subscriptions.stream().filter(s -> s.id() != id).toList(),
                state.nextId));
    }

    public synchronized void unsubscribeAll() {
        keep(new State(state().settings, List.of(), state().nextId));
    }

    private State state() {
        JsonNode kept = account.kept(KEPT).orElse(null);
        Read last = read;
        if (last == null || last.kept != kept) {
            last = new Read(
                    kept, kept == null ? new State(Settings.FIRST, List.of(), FIRST_ID) : read(kept, State.class));
            read = last;
        }
        return last.state;
    }

    private void keep(State state) {
        account.keep(KEPT, JSON.valueToTree(state));
    }

    private static <T> T read(JsonNode node, Class<T> type) {
        try {
            return JSON.treeToValue(node, type);
        } catch (JsonProcessingException e) {
            Throwable reason = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
            throw new IllegalArgumentException(reason.getMessage(), e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Publishes the events of an account's commits. An object that nobody selected, and for which there is no PushTopic,
 * costs a commit one look-up.
 */
final class Publisher {

    private static final String SELECTED = "changeEvents";
    /** Objects whose records say what is published. */
    private static final Set<String> SOURCES = Set.of(PushTopic.OBJECT, ChannelMember.CHANNEL, ChannelMember.OBJECT);
    /** Maximum number of selected objects without an add-on ("Change Data Capture Allocations"). */
    private static final int MOST_SELECTED = 5;

    private final Account account;
    private final Store store;
    private final EventStream stream;
    private final LongSupplier clockMicros;
    private final EventTypes types = new EventTypes();
    private final ChangeCapture capture;
    /** Events of commits whose rows are not visible yet; guarded by the store's lock. */
    private final List<Event> pending = new ArrayList<>();
    /** What is published of which object; null until it is needed, and after a change. */
    private volatile Sources sources;
    /** Whether a commit whose rows are not visible yet changed a PushTopic or a channel; guarded by the store's lock. */
    private boolean topicsChange;

    /** Holds the objects with change events, and the PushTopics by object. */
    private record Sources(ChangeCapture.Selection selection, Map<Table, List<PushTopic>> topics) {}

    Publisher(Account account, EventStream stream, LongSupplier clockMicros) {
        this.account = account;
        this.store = account.store();
        this.stream = stream;
        this.clockMicros = clockMicros;
        this.capture = new ChangeCapture(types, () -> stream.settings().mostChanges());
    }

    /**
     * Selects the objects whose changes are captured, in place of those before; the selection survives a restart with
     * the data file.
     */
    void select(List<String> objects) {
        ArrayNode names = JsonNodeFactory.instance.arrayNode();
        for (String object : objects) {
            names.add(store.table(object)
                    .map(table -> table.type().name())
                    .orElseThrow(() -> new IllegalArgumentException("There is no object '" + object + "'.")));
        }
        if (names.size() > MOST_SELECTED) {
            throw new IllegalArgumentException(
                    "An org without an add-on captures the changes of " + MOST_SELECTED + " objects at most.");
        }
        account.keep(SELECTED, names);
        forget();
    }

    List<String> selected() {
        List<String> names = new ArrayList<>();
        account.kept(SELECTED).ifPresent(all -> all.forEach(name -> names.add(name.asText())));
        return names;
    }

    /** Answers the schemas of the account's events. */
    EventTypes types() {
        return types;
    }

    /** Whether there is an active PushTopic of this channel. */
    boolean isTopic(String channel) {
        return sources().topics().values().stream()
                .flatMap(List::stream)
                .anyMatch(topic -> Channel.ofTopic(topic.name()).equals(channel));
    }

    /** Answers the members of a custom channel. */
    List<ChannelMember> members(String channel) {
        return sources().selection().members().values().stream()
                .flatMap(List::stream)
                .filter(member -> member.channel().equals(channel))
                .toList();
    }

    /** Makes the events of a commit; called under the store's lock, before its rows are visible. */
    void committed(Store.Commit commit) {
        Sources all = sources();
        boolean captures = false;
        for (Map.Entry<Table, List<Row>> written : commit.rows().entrySet()) {
            Table table = written.getKey();
            captures |= all.selection().isCaptured(table);
            for (PushTopic topic : all.topics().getOrDefault(table, List.of())) {
                pending.addAll(topic.notifications(written.getValue(), clockMicros.getAsLong()));
            }
            if (Channel.isPlatformEvent(table.type())) {
                pending.addAll(PlatformEvents.events(table.type(), types.of(table.type()), written.getValue()));
            }
            if (SOURCES.contains(table.type().name())) {
                topicsChange = true;
            }
        }
        if (captures) {
            capture.events(commit, all.selection())
                    .forEach(event -> EventFaults.struck(account, event).ifPresent(pending::add));
        }
    }

    /** Publishes what is pending; called under the store's lock, when the rows are visible. */
    void visible() {
        if (topicsChange) {
            topicsChange = false;
            forget();
        }
        if (!pending.isEmpty()) {
            stream.publish(List.copyOf(pending));
            pending.clear();
        }
    }

    private Sources sources() {
        Sources known = sources;
        return known == null ? read() : known;
    }

    private synchronized void forget() {
        sources = null;
    }

    /** Reads the sources under a lock, so that none are kept that were read before a change. */
    private synchronized Sources read() {
        Set<Table> selected = new LinkedHashSet<>();
        selected().forEach(name -> store.table(name).ifPresent(selected::add));
        Map<Table, List<PushTopic>> topics = new HashMap<>();
        PushTopic.all(store)
                .forEach(topic -> topics.computeIfAbsent(topic.query().table(), table -> new ArrayList<>())
                        .add(topic));
        Map<Table, List<ChannelMember>> members = new HashMap<>();
        for (ChannelMember member : ChannelMember.all(store)) {
            if (Channel.ALL_CHANGES.equals(member.channel())) {
                selected.add(member.table());
            } else {
                members.computeIfAbsent(member.table(), table -> new ArrayList<>())
                        .add(member);
            }
        }
        sources = new Sources(new ChangeCapture.Selection(selected, members), topics);
        return sources;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Represents one customer's CRM: its records, limits, faults and counters. */
public final class Account {

    /** Option: a merge creates a new record and deletes both merged ones. */
    public static final String MERGE_MINTS_ID = "mergeMintsId";
    /** Option: a refresh token can be used once, and the answer holds the next one. */
    public static final String ROTATES_TOKENS = "rotateRefreshTokens";

    private static final String REFRESHED = "refreshed";
    private static final List<String> OPTIONS = List.of(MERGE_MINTS_ID, ROTATES_TOKENS);

    private final String name;
    private final String crm;
    private final Accounts.CrmDefaults defaults;
    private final Store store;
    private final Limiter limiter;
    private final Faults faults;
    private final RefereeCounts counts = new RefereeCounts();
    private final WriteLog writes;
    private final List<JsonNode> declarations = new ArrayList<>();
    private final List<Consumer<Store.Commit>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, JsonNode> kept = new ConcurrentHashMap<>();
    private final List<Section> sections = new CopyOnWriteArrayList<>();
    private final Notes notes;
    private final Set<String> options = ConcurrentHashMap.newKeySet();
    private volatile long tokensDeadBefore;
    private volatile long sessionSeconds;

    /** Records an account's changes. */
    interface Notes {
        void committed(Store.Commit commit);

        void kept(String name, JsonNode value);
    }

    Account(String name, String crm, Accounts.CrmDefaults defaults, SandboxClock clock, Notes notes) {
        this.name = name;
        this.notes = notes;
        this.crm = crm;
        this.defaults = defaults;
        this.sessionSeconds = defaults.sessionSeconds();
        this.writes = new WriteLog(clock);
        this.store = new Store(clock::millis, defaults.grainMillis(), commit -> {
            notes.committed(commit);
            writes.committed(commit);
            listeners.forEach(listener -> listener.accept(commit));
        });
        this.limiter = new Limiter(clock);
        this.faults = new Faults(clock);
    }

    public String name() {
        return name;
    }

    public String crm() {
        return crm;
    }

    public Store store() {
        return store;
    }

    public Limiter limiter() {
        return limiter;
    }

    /** Calls this with each commit, under the store's lock and before its rows are visible. */
    public void onCommit(Consumer<Store.Commit> listener) {
        listeners.add(listener);
    }

    /** Stores a value of the CRM's own under a name; it survives a restart when the sandbox has a data file. */
    public void keep(String key, JsonNode value) {
        restoreKept(key, value);
        notes.kept(key, value);
    }

    public Optional<JsonNode> kept(String key) {
        return Optional.ofNullable(kept.get(key));
    }

    void restoreKept(String key, JsonNode value) {
        kept.put(key, value);
    }

    Map<String, JsonNode> allKept() {
        return Map.copyOf(kept);
    }

    /** Adds a section to the referee's account. */
    public void add(Section section) {
        sections.add(section);
    }

    List<Section> sections() {
        return sections;
    }

    /** Whether a limit counts requests of this operation. */
    boolean counts(String operation, String limit) {
        return defaults.counts(operation, limit);
    }

    public Faults faults() {
        return faults;
    }

    /** Answers the remembered versions of a record, oldest first; the last is the row itself. */
    public List<Row> versions(Table table, Row row) {
        return writes.versions(table, row);
    }

    /** Answers the log of writes. */
    WriteLog writes() {
        return writes;
    }

    RefereeCounts counts() {
        return counts;
    }

    /** Answers the time (microseconds since 1970) before which all issued tokens are invalid. */
    public long tokensDeadBefore() {
        return tokensDeadBefore;
    }

    void expireTokens(long nowMicros) {
        tokensDeadBefore = nowMicros;
    }

    /** Whether an option is on: {@value #MERGE_MINTS_ID} or {@value #ROTATES_TOKENS}. */
    public boolean option(String option) {
        return options.contains(option);
    }

    void option(String option, boolean on) {
        if (!OPTIONS.contains(option)) {
            throw new IllegalArgumentException(
                    "There is no option '" + option + "'. Options: " + String.join(", ", OPTIONS) + ".");
        }
        if (on) {
            options.add(option);
        } else {
            options.remove(option);
        }
    }

    /** Answers the valid refresh token: {@code refresh-NAME}, with a number once it rotated. */
    public String refreshToken() {
        long used = kept(REFRESHED).map(JsonNode::asLong).orElse(0L);
        return "refresh-" + name + (used == 0 ? "" : "-" + used);
    }

    /** Answers the refresh token that is valid from now on, because the old one was used. */
    public synchronized String refreshed() {
        if (option(ROTATES_TOKENS)) {
            keep(
                    REFRESHED,
                    JsonNodeFactory.instance.numberNode(
                            kept(REFRESHED).map(JsonNode::asLong).orElse(0L) + 1));
        }
        return refreshToken();
    }

    /** Answers the life of a token in seconds. */
    public long sessionSeconds() {
        return sessionSeconds;
    }

    void sessionSeconds(long seconds) {
        sessionSeconds = seconds;
    }

    /** Answers the journal lines that declared objects and fields, in their order. */
    synchronized List<JsonNode> declarations() {
        return List.copyOf(declarations);
    }

    synchronized void declared(JsonNode line) {
        declarations.add(line);
    }
}

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

/** One customer's CRM: its records, its limits, its faults and what the referee counted for it. */
public final class Account {

    /** A merge makes a new record, and deletes both that it was made of. */
    public static final String MERGE_MINTS_ID = "mergeMintsId";
    /** A refresh token can be used once, and the answer holds the next. */
    public static final String ROTATES_TOKENS = "rotateRefreshTokens";

    private static final String REFRESHED = "refreshed";
    private static final List<String> OPTIONS = List.of(MERGE_MINTS_ID, ROTATES_TOKENS);

    private final String name;
    private final String crm;
    private final Accounts.CrmDefaults defaults;
    private final Store store;
    private final Limiter limiter;
    private final Faults faults;
    private final Tally tally = new Tally();
    private final WriteLog writes;
    private final List<JsonNode> declarations = new ArrayList<>();
    private final List<Consumer<Store.Commit>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, JsonNode> kept = new ConcurrentHashMap<>();
    private final List<Section> sections = new CopyOnWriteArrayList<>();
    private final Notes notes;
    private final Set<String> options = ConcurrentHashMap.newKeySet();
    private volatile long tokensDeadBefore;
    private volatile long sessionSeconds;

    /** Where an account's changes are written down. */
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

    /** Calls this with each commit, under the store's lock and before its rows can be seen. */
    public void onCommit(Consumer<Store.Commit> listener) {
        listeners.add(listener);
    }

    /** Keeps something of the CRM's own under a name, over the sandbox's end too where it has a file. */
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

    /** Adds what the referee tells of this account. */
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

    /** The versions of a record that are remembered, oldest first; the last is the row itself. */
    public List<Row> versions(Table table, Row row) {
        return writes.versions(table, row);
    }

    /** Who wrote what when. */
    WriteLog writes() {
        return writes;
    }

    Tally tally() {
        return tally;
    }

    /** Tokens issued before this moment (microseconds since 1970) are dead. */
    public long tokensDeadBefore() {
        return tokensDeadBefore;
    }

    void expireTokens(long nowMicros) {
        tokensDeadBefore = nowMicros;
    }

    /**
     * Whether the CRM does what some do and others don't: {@value #MERGE_MINTS_ID} or {@value #ROTATES_TOKENS}.
     */
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

    /** The one refresh token that is good, {@code refresh-NAME} or, where they rotate, that with a number. */
    public String refreshToken() {
        long used = kept(REFRESHED).map(JsonNode::asLong).orElse(0L);
        return "refresh-" + name + (used == 0 ? "" : "-" + used);
    }

    /** The refresh token was used: the one that is good from now on. */
    public synchronized String refreshed() {
        if (option(ROTATES_TOKENS)) {
            keep(
                    REFRESHED,
                    JsonNodeFactory.instance.numberNode(
                            kept(REFRESHED).map(JsonNode::asLong).orElse(0L) + 1));
        }
        return refreshToken();
    }

    /** How long a token lives, in seconds. */
    public long sessionSeconds() {
        return sessionSeconds;
    }

    void sessionSeconds(long seconds) {
        sessionSeconds = seconds;
    }

    /** The journal lines that declared objects and fields, in their order. */
    synchronized List<JsonNode> declarations() {
        return List.copyOf(declarations);
    }

    synchronized void declared(JsonNode line) {
        declarations.add(line);
    }
}

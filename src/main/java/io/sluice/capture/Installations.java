// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the installations that use this database, so that none removes the triggers of another. An installation has a name
 * ({@code sluice.installation}) that its replicas share. The capture of an installation with another name is left alone whether
 * that one runs or not; that of the same name as long as a replica with it runs, because in a rolling update old and new
 * replicas have different syncs for a while.
 */
public final class Installations {

    private static final Logger LOG = LoggerFactory.getLogger(Installations.class);

    /** The time without a heartbeat after which a replica counts as dead. */
    static final int ALIVE_SECONDS = 60;

    private static final String LOCK = "select pg_advisory_xact_lock(hashtext('sluice.installation'))";

    private static final String FORGET_DEAD =
            """
            delete from sluice.installation
            where name = ? and seen_at < clock_timestamp() - interval '%d seconds'"""
                    .formatted(ALIVE_SECONDS);

    private static final String OTHERS =
            """
            select name, host, tables, objects, syncs from sluice.installation where instance <> ? order by name, host""";

    private static final String ENTER =
            """
            insert into sluice.installation (instance, name, host, tables, objects, syncs, mappings)
            values (?, ?, ?, ?, ?, ?, ?::jsonb)
            on conflict (instance) do update set tables = excluded.tables, objects = excluded.objects,
                syncs = excluded.syncs, seen_at = clock_timestamp()""";

    private static final String REGISTER =
            """
            update sluice.installation set mappings = mappings || jsonb_build_object(?::text, ?::text) where instance = ?""";

    private static final String HEARTBEAT =
            "update sluice.installation set seen_at = clock_timestamp() where instance = ?";

    private static final String LAST_SEEN =
            "select seen_at from sluice.installation where seen_at > '-infinity' order by seen_at desc limit 1";

    /** Ends the registration of a replica: its captured tables stay registered, but it counts as dead at once. */
    private static final String DEREGISTER = "update sluice.installation set seen_at = '-infinity' where instance = ?";

    private record Other(String name, String host, Set<String> tables, Set<String> objects, Set<String> syncs) {}

    /**
     * The capture of other installations and replicas.
     *
     * @param tables tables, as schema.table
     * @param syncs  names of their syncs
     */
    public record Captured(Set<String> tables, Set<String> syncs) {

        static final Captured NOTHING = new Captured(Set.of(), Set.of());
    }

    private final Database database;
    private final String name;
    private final String host;
    private final UUID instance = UUID.randomUUID();
    /** The fingerprint of the mapping of each table that this replica captures. */
    private final Map<String, String> mappings = new ConcurrentHashMap<>();

    private volatile List<Sync> registered;

    /**
     * @param name name of the installation, the same for all its replicas
     * @param host host of this replica, for messages
     */
    public Installations(Database database, String name, String host) {
        this.database = database;
        this.name = name;
        this.host = host;
    }

    /**
     * Registers this replica, unless another installation reads its tables or feeds its objects.
     *
     * @return a sentence for each conflict; empty when the replica is registered
     */
    public List<String> enter(List<Sync> syncs) throws SQLException {
        Set<String> names = names(syncs.stream().map(Sync::getName).toList());
        List<String> problems = new ArrayList<>();
        List<Other> replicas = new ArrayList<>();
        database.transaction(connection -> {
            problems.clear();
            replicas.clear();
            Database.query(connection, LOCK, row -> null);
            Database.update(connection, FORGET_DEAD, name);
            for (Other other : others(connection)) {
                if (other.name().equals(name)) {
                    replicas.add(other);
                } else {
                    problems.addAll(problems(other, syncs));
                }
            }
            return problems.isEmpty() ? enter(connection, syncs) : 0;
        });
        registered = problems.isEmpty() ? List.copyOf(syncs) : null;
        replicas.stream()
                .filter(other -> !other.syncs().equals(names))
                .forEach(other -> LOG.warn(
                        "Another Sluice of the"
                                + " installation '{}' runs on this database ({}) with other syncs: {}. What they capture is kept. If that one"
                                + " is no replica of this one, give one of the two another name (sluice.installation).",
                        name,
                        other.host(),
                        String.join(", ", other.syncs())));
        return problems;
    }

    private int enter(Connection connection, List<Sync> syncs) throws SQLException {
        return Database.update(
                connection,
                ENTER,
                instance,
                name,
                host,
                Database.texts(
                        connection, names(syncs.stream().map(Sync::getTable).toList())),
                Database.texts(
                        connection,
                        names(syncs.stream().map(Installations::object).toList())),
                Database.texts(
                        connection, names(syncs.stream().map(Sync::getName).toList())),
                Json.text(mappings));
    }

    /** Registers the mapping with which this replica captures a table, as long as it runs. */
    void register(Connection connection, String table, String fingerprint) throws SQLException {
        mappings.put(table, fingerprint);
        Database.update(connection, REGISTER, table, fingerprint, instance);
    }

    String host() {
        return host;
    }

    private List<String> problems(Other other, List<Sync> syncs) {
        List<String> problems = new ArrayList<>();
        for (Sync sync : syncs) {
            String shared = other.tables().contains(sync.getTable())
                    ? "reads table '" + sync.getTable() + "'"
                    : other.objects().contains(object(sync))
                            ? "feeds " + sync.getAccount() + " " + sync.getObject()
                            : null;
            if (shared != null) {
                problems.add(
                        sync.location() + ": the Sluice installation '" + other.name() + "' (" + other.host() + ") "
                                + shared + " in this database already, and this one is '" + name
                                + "' (sluice.installation): put"
                                + " the sync into that one, or, where that one is gone for good, run: delete from"
                                + " sluice.installation where name = '" + other.name() + "'");
            }
        }
        return problems;
    }

    private static String object(Sync sync) {
        return sync.getAccount() + " " + sync.getObject();
    }

    private static Set<String> names(Collection<String> names) {
        return new TreeSet<>(names);
    }

    /** The capture of others, which this replica leaves alone. */
    public Captured others() throws SQLException {
        List<Other> others = database.transaction(connection -> {
            Database.update(connection, FORGET_DEAD, name);
            return others(connection);
        });
        return new Captured(
                others.stream().flatMap(other -> other.tables().stream()).collect(Collectors.toSet()),
                others.stream().flatMap(other -> other.syncs().stream()).collect(Collectors.toSet()));
    }

    private List<Other> others(Connection connection) throws SQLException {
        return Database.query(
                connection,
                OTHERS,
                row -> new Other(
                        row.getString("name"),
                        row.getString("host"),
                        texts(row.getArray("tables")),
                        texts(row.getArray("objects")),
                        texts(row.getArray("syncs"))),
                instance);
    }

    private static Set<String> texts(java.sql.Array array) throws SQLException {
        return names(Arrays.asList((String[]) array.getArray()));
    }

    /** Returns the time of the last heartbeat of any replica that did not leave; null when there is none. */
    public Instant lastSeen() throws SQLException {
        return database.first(LAST_SEEN, row -> Database.instant(row, "seen_at"))
                .orElse(null);
    }

    /** Sends this replica's heartbeat. After a minute without one, others have removed its registration, which is repeated. */
    public void beat() throws SQLException {
        List<Sync> syncs = registered;
        if (syncs != null && database.update(HEARTBEAT, instance) == 0) {
            database.transaction(connection -> enter(connection, syncs));
        }
    }

    /** Deregisters this replica; after a crash its registration expires within a minute. */
    public void leave() throws SQLException {
        if (registered != null) {
            database.update(DEREGISTER, instance);
        }
    }
}

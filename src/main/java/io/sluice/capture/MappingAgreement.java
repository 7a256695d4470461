// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Agrees with other replicas whose mapping of a table holds: that of the replica that started last. During a rolling update old
 * and new replicas map a table differently, and each would replace the other's triggers, take its changes out of the log, and
 * read edits without its fields. So replicas with another mapping leave the table, and the syncs that read it, to those with the
 * newest one, until no replica with that one has run for a minute.
 *
 * <p>For example {@code a} and {@code b} run with the fields {@code name} and {@code city} when {@code c} starts with {@code phone}
 * besides: the generation grows from 1 to 2, {@code c} writes the triggers, and {@code a} and {@code b} leave the table alone.
 */
final class MappingAgreement {

    /** Time without a replica that has the newest mapping, after which one with another mapping takes the table again. */
    static final Duration VACANCY = Duration.ofSeconds(Installations.ALIVE_SECONDS);

    private static final String HOLDER =
            """
            select m.fingerprint, m.host, (
                select extract(epoch from clock_timestamp() - max(i.seen_at)) * 1000 from sluice.installation i
                where i.mappings ->> m.source = m.fingerprint and i.seen_at > '-infinity')::bigint as silent
            from sluice.capture_mapping m where m.source = ?""";

    private static final String TAKE =
            """
            insert into sluice.capture_mapping as m (source, fingerprint, host) values (?, ?, ?)
            on conflict (source) do update set fingerprint = excluded.fingerprint, host = excluded.host,
                generation = m.generation + 1, since = clock_timestamp()
            where m.fingerprint <> excluded.fingerprint
            returning generation""";

    /** Any other mapping of a table's syncs misses changes from now on, so that its next start exports the rows again. */
    private static final String MISSED =
            """
            update sluice.initial_export e set missed = true
            where source = ? and not missed and not exists (
                select from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
                    as own(account, object, sync, key, external_id, fields, time_zone)
                where (own.account, own.object, own.sync, own.key, own.external_id, own.fields::jsonb, own.time_zone)
                    = (e.account, e.object, e.sync, e.key, e.external_id, e.fields, e.time_zone))""";

    /**
     * The mapping that holds for a table.
     *
     * @param host   where the replica runs that set it
     * @param silent time since the last heartbeat of a replica with it, or null where all have left
     */
    record Holder(String fingerprint, String host, Duration silent) {}

    private final Installations installations;

    /** @param installations the registration of this replica, or null */
    MappingAgreement(Installations installations) {
        this.installations = installations;
    }

    /** Returns a text that differs between two mappings of a table, and between two versions of the triggers. */
    static String fingerprint(List<Sync> syncs) {
        StringBuilder text = new StringBuilder("triggers " + Triggers.VERSION);
        syncs.stream().sorted(Comparator.comparing(Sync::getName)).forEach(sync -> text.append('\n')
                .append(Json.text(List.of(
                        sync.getName(),
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getKey(),
                        sync.getExternalId(),
                        new TreeMap<>(sync.getFields()),
                        sync.getTimeZone()))));
        return UUID.nameUUIDFromBytes(text.toString().getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    /** The mapping that holds for a table; empty where none was ever captured. */
    static Optional<Holder> holder(Connection connection, String table) throws SQLException {
        return Database.query(
                        connection,
                        HOLDER,
                        row -> {
                            Long silent = row.getObject("silent", Long.class);
                            return new Holder(
                                    row.getString("fingerprint"),
                                    row.getString("host"),
                                    silent == null ? null : Duration.ofMillis(silent));
                        },
                        table)
                .stream()
                .findFirst();
    }

    /** Whether another mapping than this one holds for a table. */
    static boolean isSuperseded(Connection connection, String table, String fingerprint) throws SQLException {
        return holder(connection, table)
                .filter(holder -> !holder.fingerprint().equals(fingerprint))
                .isPresent();
    }

    /**
     * Makes the mapping of these syncs the one that holds; the installation is locked.
     *
     * @return whether it replaced another one
     */
    boolean take(Connection connection, String table, List<Sync> syncs) throws SQLException {
        List<Long> generations = Database.query(
                connection,
                TAKE,
                row -> row.getLong(1),
                table,
                fingerprint(syncs),
                installations == null ? "" : installations.host());
        boolean replaced = !generations.isEmpty() && generations.get(0) > 1;
        if (replaced) {
            Database.update(
                    connection,
                    MISSED,
                    table,
                    Database.texts(connection, syncs, Sync::getAccount),
                    Database.texts(connection, syncs, Sync::getObject),
                    Database.texts(connection, syncs, Sync::getName),
                    Database.texts(connection, syncs, Sync::getKey),
                    Database.texts(connection, syncs, Sync::getExternalId),
                    Database.texts(connection, syncs, sync -> Json.text(new TreeMap<>(sync.getFields()))),
                    Database.texts(connection, syncs, Sync::getTimeZone));
        }
        return replaced;
    }

    /** Registers the mapping with which this replica captures a table, so that others know that it runs. */
    void register(Connection connection, String table, String fingerprint) throws SQLException {
        if (installations != null) {
            installations.register(connection, table, fingerprint);
        }
    }
}

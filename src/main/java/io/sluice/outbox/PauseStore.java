// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the paused accounts and syncs in PostgreSQL. Each claim reads them there, so that a pause holds in every replica from
 * the next call on, and survives a restart.
 *
 * <p>Paused work takes no place away from other work and loses none of its own: its changes are captured and merged as ever,
 * but not claimed.
 */
public final class PauseStore {

    /**
     * Selects the paused accounts, for {@code name not in (...)}: a hash that is built once a statement. As {@code <> all} or
     * {@code not exists} the condition makes PostgreSQL misjudge how many rows are left, and sort the whole outbox for one
     * claim.
     */
    public static final String ACCOUNTS = "select name from sluice.pause where kind = 'account'";

    /** Selects the paused syncs, for the same use. */
    public static final String SYNCS =
            "select name from sluice.pause where kind = 'sync' and (until is null or until > now())";

    private static final String ALL =
            """
            select kind, name, by, reason, since, until from sluice.pause where until is null or until > now()
            order by kind, name, array_position(array['check', 'setting', 'api', 'capture', 'load', 'crm'], by)""";

    /** Finds the pause to show: a setting wins over the API, because it stays; an initial snapshot ends by itself. */
    private static final String FIND =
            """
            select kind, name, by, reason, since, until from sluice.pause
            where kind = ? and name = ? and (until is null or until > now())
            order by array_position(array['check', 'setting', 'api', 'capture', 'load', 'crm'], by) limit 1""";

    /** Enters a pause. A new reason replaces the old one, the start stays; the answer is empty when nothing changed. */
    private static final String PAUSE =
            """
            insert into sluice.pause as p (kind, name, by, reason) values (?, ?, ?, ?)
            on conflict (kind, name, by) do update set reason = excluded.reason
            where excluded.reason is not null and excluded.reason is distinct from p.reason
            returning p.name""";

    private static final String RESUME =
            """
            delete from sluice.pause where kind = ? and name = ? and (by in ('api', 'capture') or by = 'crm' and until > now())""";

    /** Opens the breaker; the answer is empty while an earlier rejection's pause lasts. */
    private static final String OPEN_BREAKER =
            """
            insert into sluice.pause as p (kind, name, by, reason, until)
            values ('sync', ?, 'crm', ?, clock_timestamp() + ? * interval '1 millisecond')
            on conflict (kind, name, by) do update set reason = excluded.reason, until = excluded.until,
                since = case when ? then excluded.since else p.since end
            where p.until <= now()
            returning p.name""";

    private static final String CLOSE_BREAKER =
            "delete from sluice.pause where kind = 'sync' and name = ? and by = 'crm'";

    private static final String KEEP_SETTINGS =
            """
            delete from sluice.pause where by = 'setting' and (kind, name) not in (
                select * from unnest(?::text[], ?::text[]))
            returning kind, name, by, reason, since, until""";

    private static final String KEEP_CHECKS = "delete from sluice.pause where by = 'check' and name <> all(?)";

    private static final String KEEP_SNAPSHOT_PAUSES = "delete from sluice.pause where by = 'load' and name <> all(?)";

    private static final String ADD_SNAPSHOT_PAUSES =
            """
            insert into sluice.pause (kind, name, by, reason) select 'sync', unnest(?::text[]), 'load', ?
            on conflict (kind, name, by) do nothing""";

    private static final String END_SNAPSHOT_PAUSE =
            "delete from sluice.pause where kind = 'sync' and name = ? and by = 'load'";

    private static final String BY_CAPTURE =
            """
            insert into sluice.pause as p (kind, name, by, reason) select 'sync', unnest(?::text[]), 'capture', ?
            on conflict (kind, name, by) do update set reason = excluded.reason""";

    private static final Logger LOG = LoggerFactory.getLogger(PauseStore.class);

    private final Database database;

    public PauseStore(Database database) {
        this.database = database;
    }

    /** All pauses; of several of one account or sync, that of a setting comes first. */
    public List<Pause> all() throws SQLException {
        return database.query(ALL, PauseStore::paused);
    }

    /** Reads all pauses in a transaction of the caller. */
    public static List<Pause> all(Connection connection) throws SQLException {
        return Database.query(connection, ALL, PauseStore::paused);
    }

    /** The pause that applies now, if any. */
    public Optional<Pause> find(Kind kind, String name) throws SQLException {
        return database.first(FIND, PauseStore::paused, kind.toString(), name);
    }

    /**
     * Pauses by the API; a repetition changes only the reason.
     *
     * @param reason the reason to show, or null
     */
    public void pause(Kind kind, String name, String reason) throws SQLException {
        if (enter(kind, name, By.API, reason)) {
            LOG.info(
                    "{} is paused by hand{}. Its changes stay queued.",
                    label(kind, name),
                    reason == null ? "" : ": " + reason);
        }
    }

    /** Ends a pause of the API, of missing rows or of the circuit breaker; a pause of a setting stays. */
    public void resume(Kind kind, String name) throws SQLException {
        if (database.update(RESUME, kind.toString(), name) > 0) {
            if (kind == Kind.SYNC) {
                database.update(
                        "update sluice.outbox set due = now() where sync = ? and max_batch is not null and due > now()"
                                + " and operation is not null and lease is null",
                        name);
            }
            LOG.info(
                    "{} is resumed by hand. Its queued changes are sent now, the most urgent first.",
                    label(kind, name));
        }
    }

    /**
     * Replaces the pauses of the last start's settings with those of this start; what stays paused keeps its start time.
     */
    public void replaceSettings(Collection<Setting> settings) throws SQLException {
        List<Pause> ended = database.transaction(connection -> Database.query(
                connection,
                KEEP_SETTINGS,
                PauseStore::paused,
                Database.texts(connection, settings, it -> it.kind().toString()),
                Database.texts(connection, settings, Setting::name)));
        for (Pause paused : ended) {
            LOG.info("{} is no longer paused by a setting.", label(paused.kind(), paused.name()));
        }
        for (Setting setting : settings) {
            enter(setting.kind(), setting.name(), By.SETTING, setting.reason());
        }
        for (Pause paused : all()) {
            LOG.info(
                    "{} is paused {}{}. Its changes stay queued.",
                    label(paused.kind(), paused.name()),
                    switch (paused.by()) {
                        case API -> "by hand since " + paused.since();
                        case SETTING -> "by a setting";
                        case LOAD -> "since " + paused.since() + " until its CRM is read";
                        case CAPTURE -> "since " + paused.since() + " because rows of its table are missing";
                        case CHECK -> "because of a mistake";
                        case CRM -> "until " + paused.until() + " because its CRM rejects its calls";
                    },
                    paused.reason() == null ? "" : ": " + paused.reason());
        }
    }

    /** Pauses these syncs, each for its mistake, and ends the pauses of all others that had one. */
    public void replaceChecks(Map<String, String> mistakes) throws SQLException {
        database.transaction(
                connection -> Database.update(connection, KEEP_CHECKS, Database.texts(connection, mistakes.keySet())));
        for (Map.Entry<String, String> mistake : mistakes.entrySet()) {
            pauseByCheck(mistake.getKey(), mistake.getValue());
        }
    }

    /** Pauses a sync for a mistake of its file. */
    public void pauseByCheck(String sync, String mistake) throws SQLException {
        enter(Kind.SYNC, sync, By.CHECK, mistake);
    }

    /**
     * Pauses a sync whose calls the CRM rejects.
     *
     * @param why   the CRM's message
     * @param first whether the last call before was accepted
     * @return whether the pause began now; an earlier one that still lasts is left as it is
     */
    boolean openBreaker(String sync, String why, Duration delay, boolean first) throws SQLException {
        return database.first(OPEN_BREAKER, row -> true, sync, why, delay.toMillis(), first)
                .isPresent();
    }

    /** Ends the pause of a sync whose calls the CRM accepts again. */
    void closeBreaker(String sync) throws SQLException {
        database.update(CLOSE_BREAKER, sync);
    }

    /** Pauses these syncs until {@link #loaded} is called for each, and ends the snapshot pauses of all others. */
    public static void replaceSnapshotPauses(Connection connection, Collection<String> syncs, String reason)
            throws SQLException {
        Array names = Database.texts(connection, syncs);
        Database.update(connection, KEEP_SNAPSHOT_PAUSES, names);
        Database.update(connection, ADD_SNAPSHOT_PAUSES, names, reason);
    }

    /** Ends a sync's snapshot pause: its changes are sent now, unless another pause holds. */
    public static void endSnapshotPause(Connection connection, String sync) throws SQLException {
        Database.update(connection, END_SNAPSHOT_PAUSE, sync);
    }

    /** Pauses these syncs because rows of their table are missing, until a person resumes them or the rows are back. */
    public static void pauseByCapture(Connection connection, Collection<String> syncs, String reason)
            throws SQLException {
        Database.update(connection, BY_CAPTURE, Database.texts(connection, syncs), reason);
    }

    /** Whether any of the syncs still has such a pause. */
    public static boolean isPausedByCapture(Connection connection, Collection<String> syncs) throws SQLException {
        return Database.query(
                        connection,
                        "select exists (select from sluice.pause where kind = 'sync' and by = 'capture'"
                                + " and name = any(?))",
                        row -> row.getBoolean(1),
                        Database.texts(connection, syncs))
                .get(0);
    }

    /** Ends such pauses, once the table was compared with the known records. */
    public static void endCapturePauses(Connection connection, Collection<String> syncs) throws SQLException {
        Database.update(
                connection,
                "delete from sluice.pause where kind = 'sync' and by = 'capture' and name = any(?)",
                Database.texts(connection, syncs));
    }

    /**
     * A setting that pauses an account or a sync.
     *
     * @param reason the setting's name and file
     */
    public record Setting(Kind kind, String name, String reason) {}

    /** @return whether the pause is new or has a new reason */
    private boolean enter(Kind kind, String name, By by, String reason) throws SQLException {
        return database.first(PAUSE, row -> true, kind.toString(), name, by.toString(), reason)
                .isPresent();
    }

    private static String label(Kind kind, String name) {
        return (kind == Kind.ACCOUNT ? "Account " : "Sync ") + name;
    }

    private static Pause paused(ResultSet row) throws SQLException {
        return new Pause(
                Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)),
                row.getString("name"),
                By.valueOf(row.getString("by").toUpperCase(Locale.ROOT)),
                row.getString("reason"),
                Database.instant(row, "since"),
                Optional.ofNullable(Database.instant(row, "until")).orElse(null));
    }
}

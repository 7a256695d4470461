package io.sluice.outbox;

import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accounts and syncs that people have stopped. It stands in PostgreSQL and is read there by each claim, so that it
 * holds in every replica from the next call on, and survives a restart.
 *
 * <p>What is stopped takes no place away from others and loses none of its own: its changes are captured and merged as
 * ever, only nobody claims them.
 */
public final class PauseStore {

    /**
     * The paused accounts, for {@code name not in (...)}: a hash that is built once a statement. As {@code <> all} or
     * {@code not exists} it makes PostgreSQL misjudge how many rows are left, and sort the whole outbox for one claim.
     */
    public static final String ACCOUNTS = "select name from sluice.pause where kind = 'account'";

    /** The paused syncs, likewise. */
    public static final String SYNCS =
            "select name from sluice.pause where kind = 'sync' and (until is null or until > now())";

    private static final String ALL = """
            select kind, name, by, reason, since, until from sluice.pause where until is null or until > now()
            order by kind, name, array_position(array['check', 'setting', 'api', 'capture', 'load', 'crm'], by)""";

    /** A setting wins over what was said by hand, since it stays; a first reading is over by itself. */
    private static final String FIND = """
            select kind, name, by, reason, since, until from sluice.pause
            where kind = ? and name = ? and (until is null or until > now())
            order by array_position(array['check', 'setting', 'api', 'capture', 'load', 'crm'], by) limit 1""";

    /** A new reason replaces the old one; since when it is so stays. The answer is empty when it was so already. */
    private static final String PAUSE = """
            insert into sluice.pause as p (kind, name, by, reason) values (?, ?, ?, ?)
            on conflict (kind, name, by) do update set reason = excluded.reason
            where excluded.reason is not null and excluded.reason is distinct from p.reason
            returning p.name""";

    private static final String RESUME = """
            delete from sluice.pause where kind = ? and name = ? and (by in ('api', 'capture') or by = 'crm' and until > now())""";

    /** The answer is empty while an earlier one lasts. */
    private static final String STAND_STILL = """
            insert into sluice.pause as p (kind, name, by, reason, until)
            values ('sync', ?, 'crm', ?, clock_timestamp() + ? * interval '1 millisecond')
            on conflict (kind, name, by) do update set reason = excluded.reason, until = excluded.until,
                since = case when ? then excluded.since else p.since end
            where p.until <= now()
            returning p.name""";

    private static final String GO_ON = "delete from sluice.pause where kind = 'sync' and name = ? and by = 'crm'";

    private static final String FORGET_SETTINGS_BUT = """
            delete from sluice.pause where by = 'setting' and (kind, name) not in (
                select * from unnest(?::text[], ?::text[]))
            returning kind, name, by, reason, since, until""";

    private static final String FORGET_CHECKS_BUT = "delete from sluice.pause where by = 'check' and name <> all(?)";

    private static final String FORGET_LOADS_BUT = "delete from sluice.pause where by = 'load' and name <> all(?)";

    private static final String FOR_LOADS = """
            insert into sluice.pause (kind, name, by, reason) select 'sync', unnest(?::text[]), 'load', ?
            on conflict (kind, name, by) do nothing""";

    private static final String LOADED = "delete from sluice.pause where kind = 'sync' and name = ? and by = 'load'";

    private static final String BY_CAPTURE = """
            insert into sluice.pause as p (kind, name, by, reason) select 'sync', unnest(?::text[]), 'capture', ?
            on conflict (kind, name, by) do update set reason = excluded.reason""";

    private static final Logger LOG = LoggerFactory.getLogger(PauseStore.class);

    private final Database database;

    public PauseStore(Database database) {
        this.database = database;
    }

    /** All that is paused; where a setting and a hand did it, the setting comes first. */
    public List<Pause> all() throws SQLException {
        return database.query(ALL, PauseStore::paused);
    }

    /** What pauses this now, if anything. */
    public Optional<Pause> find(Kind kind, String name) throws SQLException {
        return database.first(FIND, PauseStore::paused, kind.toString(), name);
    }

    /**
     * Pauses by hand; saying it again changes nothing but the reason.
     *
     * @param reason may be null
     */
    public void pause(Kind kind, String name, String reason) throws SQLException {
        if (enter(kind, name, By.API, reason)) {
            LOG.info("{} is paused by hand{}. Its changes keep their place and wait.", called(kind, name),
                    reason == null ? "" : ": " + reason);
        }
    }

    /** Takes back what was paused by hand, or by the CRM's refusals; what a setting pauses stays so. */
    public void resume(Kind kind, String name) throws SQLException {
        if (database.update(RESUME, kind.toString(), name) > 0) {
            if (kind == Kind.SYNC) {
                database.update("update sluice.outbox set due = now() where sync = ? and fill is not null and due > now()"
                        + " and operation is not null and lease is null", name);
            }
            LOG.info("{} is resumed by hand. What waited is sent now, the most urgent first.", called(kind, name));
        }
    }

    /**
     * Takes what the settings of this start pause, in place of what those of the last one did; what stays paused stays
     * so since the same moment.
     */
    public void takeSettings(Collection<Setting> settings) throws SQLException {
        List<Pause> over = database.transaction(connection -> Database.query(connection, FORGET_SETTINGS_BUT,
                PauseStore::paused,
                Database.texts(connection, settings, it -> it.kind().toString()),
                Database.texts(connection, settings, Setting::name)));
        for (Pause paused : over) {
            LOG.info("{} is not paused by a setting any more.", called(paused.kind(), paused.name()));
        }
        for (Setting setting : settings) {
            enter(setting.kind(), setting.name(), By.SETTING, setting.reason());
        }
        for (Pause paused : all()) {
            LOG.info("{} is paused {}{}. Its changes keep their place and wait.", called(paused.kind(), paused.name()),
                    switch (paused.by()) {
                        case API -> "by hand since " + paused.since();
                        case SETTING -> "by a setting";
                        case LOAD -> "since " + paused.since() + " until its CRM is read";
                        case CAPTURE -> "since " + paused.since() + " because rows of its table are missing";
                        case CHECK -> "because of a mistake";
                        case CRM -> "until " + paused.until() + " because its CRM refuses its calls";
                    }, paused.reason() == null ? "" : ": " + paused.reason());
        }
    }

    /** Stops these syncs, each for the mistake that it is mapped to, and no others any more. */
    public void takeChecks(Map<String, String> mistakes) throws SQLException {
        database.transaction(connection -> Database.update(connection, FORGET_CHECKS_BUT,
                Database.texts(connection, mistakes.keySet())));
        for (Map.Entry<String, String> mistake : mistakes.entrySet()) {
            stop(mistake.getKey(), mistake.getValue());
        }
    }

    /** Stops a sync for a mistake of its file. */
    public void stop(String sync, String mistake) throws SQLException {
        enter(Kind.SYNC, sync, By.CHECK, mistake);
    }

    /**
     * The CRM refuses the calls of a sync: none is made for a while.
     *
     * @param why   in the CRM's words
     * @param fresh whether it was taken before
     * @return whether that is news: an earlier refusal's pause that still lasts is left as it is
     */
    boolean standStill(String sync, String why, Duration pause, boolean fresh) throws SQLException {
        return database.first(STAND_STILL, row -> true, sync, why, pause.toMillis(), fresh).isPresent();
    }

    /** The CRM takes the calls of a sync again. */
    void goOn(String sync) throws SQLException {
        database.update(GO_ON, sync);
    }

    /** Pauses these syncs until each {@link #loaded}, and no others any more. */
    public static void takeLoads(Connection connection, Collection<String> syncs, String reason) throws SQLException {
        Array names = Database.texts(connection, syncs);
        Database.update(connection, FORGET_LOADS_BUT, names);
        Database.update(connection, FOR_LOADS, names, reason);
    }

    /** The CRM was read: what a sync has to send goes now, unless somebody has paused it. */
    public static void loaded(Connection connection, String sync) throws SQLException {
        Database.update(connection, LOADED, sync);
    }

    /** Pauses these syncs because of what is missing in their table, until a person resumes them or it is back. */
    public static void pauseByCapture(Connection connection, Collection<String> syncs, String reason)
            throws SQLException {
        Database.update(connection, BY_CAPTURE, Database.texts(connection, syncs), reason);
    }

    /** Whether any of them is still paused so. */
    public static boolean isPausedByCapture(Connection connection, Collection<String> syncs) throws SQLException {
        return Database.query(connection, "select exists (select from sluice.pause where kind = 'sync' and by = 'capture'"
                + " and name = any(?))", row -> row.getBoolean(1), Database.texts(connection, syncs)).get(0);
    }

    /** Their table was compared with what is known of it: nothing of it is asked any more. */
    public static void compared(Connection connection, Collection<String> syncs) throws SQLException {
        Database.update(connection, "delete from sluice.pause where kind = 'sync' and by = 'capture' and name = any(?)",
                Database.texts(connection, syncs));
    }

    /**
     * A setting that pauses something.
     *
     * @param reason which one, and where it stands
     */
    public record Setting(Kind kind, String name, String reason) { }

    /** @return whether that is news */
    private boolean enter(Kind kind, String name, By by, String reason) throws SQLException {
        return database.first(PAUSE, row -> true, kind.toString(), name, by.toString(), reason).isPresent();
    }

    private static String called(Kind kind, String name) {
        return (kind == Kind.ACCOUNT ? "Account " : "Sync ") + name;
    }

    private static Pause paused(ResultSet row) throws SQLException {
        return new Pause(Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)), row.getString("name"),
                By.valueOf(row.getString("by").toUpperCase(Locale.ROOT)), row.getString("reason"),
                row.getObject("since", OffsetDateTime.class).toInstant(),
                Optional.ofNullable(row.getObject("until", OffsetDateTime.class)).map(OffsetDateTime::toInstant)
                        .orElse(null));
    }
}

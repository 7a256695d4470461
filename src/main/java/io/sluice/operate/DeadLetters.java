package io.sluice.operate;

import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Applier;
import io.sluice.operate.ApiResponses.Refused;
import io.sluice.outbox.Replays;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The dead letters, for people: looked at, mended, sent again, let go. All of it may be done while the pipeline runs,
 * and twice: a letter leaves in the transaction that enters its work, whoever takes it.
 */
final class DeadLetters {

    private static final String LIST = """
            select * from sluice.dead_letter
            where id > ? and account = coalesce(?::text, account) and sync = coalesce(?::text, sync)
              and key = coalesce(?::text, key) and code is not distinct from coalesce(?::text, code)
            order by id limit ?""";

    private static final String FIND = "select * from sluice.dead_letter where id = ?";

    /** What an operator writes is the newest value of its field. */
    private static final String EDIT = """
            update sluice.dead_letter d set
                fields = d.fields || e.fields,
                stamps = d.stamps || (select jsonb_object_agg(name, now()) from jsonb_object_keys(e.fields) as name),
                edited_fields = array(select unnest(d.edited_fields) union select jsonb_object_keys(e.fields)
                                      order by 1)
            from (select ?::jsonb as fields) as e
            where d.id = ? and d.operation = 'upsert' returning d.*""";

    private static final String DISCARD = "delete from sluice.dead_letter where id = ? returning *";

    /** Letters of one transaction of a replay. */
    private static final int AT_ONCE = 1000;

    /** Which letters: null where anything will do. */
    record Filter(String account, String sync, String key, String code) { }

    private final Database database;
    private final Applier applier;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();

    DeadLetters(Database database, Applier applier, Collection<Sync> syncs) {
        this.database = database;
        this.applier = applier;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** Letters in the order in which their records died first. */
    List<DeadLetter> list(Filter filter, long after, int limit) throws SQLException {
        return database.query(LIST, DeadLetter::of, after, filter.account(), filter.sync(), filter.key(), filter.code(),
                limit);
    }

    Optional<DeadLetter> find(long id) throws SQLException {
        return database.first(FIND, DeadLetter::of, id);
    }

    /** @return the letter as it is then, or nothing when there is no such letter of an upsert */
    Optional<DeadLetter> edit(long id, Map<String, Object> fields) throws SQLException {
        return database.first(EDIT, DeadLetter::of, Json.text(fields), id);
    }

    /** @return the letter that is no more, or nothing when there was none */
    Optional<DeadLetter> discard(long id) throws SQLException {
        return database.first(DISCARD, DeadLetter::of, id);
    }

    /** The sync of a letter, as it is now; nothing when it was taken out, or goes elsewhere. */
    Optional<Sync> sync(DeadLetter letter) {
        return Optional.ofNullable(syncs.get(letter.sync())).filter(sync ->
                sync.getAccount().equals(letter.account()) && sync.getObject().equals(letter.object()));
    }

    /**
     * Enters a letter's work again. What an operator wrote goes into the row too, as a change of the application's: both
     * sides then have the same, and so has every other sync of the table.
     *
     * @return whether it was there
     * @throws Refused when its sync is no more, or the table does not take what an operator wrote
     */
    boolean replay(DeadLetter letter) throws SQLException, Refused {
        Sync sync = sync(letter).orElseThrow(() -> new Refused(409, "Dead letter " + letter.name()
                + " belongs to no sync any more: none of that name goes to " + letter.account() + " "
                + letter.object() + ". Discard it, or put the sync back"));
        if (letter.isUnread()) {
            return database.transaction(connection -> {
                boolean there = !Database.query(connection, DISCARD, DeadLetter::of, letter.id()).isEmpty();
                applier.reread(connection, sync, letter.key());
                return there;
            });
        }
        if (letter.edited().isEmpty()) {
            return database.transaction(connection -> Replays.enter(connection, ids(List.of(letter)), false)) > 0;
        }
        try {
            return database.transaction(connection -> replayMended(connection, letter.id(), sync));
        } catch (SQLException failure) {
            if (!Applier.isRejection(failure)) {
                throw failure;
            }
            throw new Refused(409, "The table " + sync.getTable() + " does not take what was edited in dead letter "
                    + letter.name() + ": " + RootCause.of(failure));
        }
    }

    private boolean replayMended(Connection connection, long id, Sync sync) throws SQLException {
        List<DeadLetter> now = Database.query(connection, FIND + " for update", DeadLetter::of, id);
        if (now.isEmpty()) {
            return false;
        }
        applier.repair(connection, sync, now.get(0).key(), now.get(0).corrections());
        return Replays.enter(connection, ids(now), true) > 0;
    }

    private static final String DISCARD_ALL = """
            delete from sluice.dead_letter
            where account = coalesce(?::text, account) and sync = coalesce(?::text, sync)
              and key = coalesce(?::text, key) and code is not distinct from coalesce(?::text, code)""";

    /** @return how many letters are no more */
    int discard(Filter filter) throws SQLException {
        return database.update(DISCARD_ALL, filter.account(), filter.sync(), filter.key(), filter.code());
    }

    /** What came of a replay of many. @param refused why, by letter */
    record Replayed(int letters, List<Refusal> refused) { }

    record Refusal(DeadLetter letter, String why) { }

    /** Enters the work of all letters that there are now again, a thousand a transaction. */
    Replayed replay(Filter filter) throws SQLException {
        int letters = 0;
        List<Refusal> refused = new ArrayList<>();
        long after = 0;
        // those that die again meanwhile have a higher number
        long last = database.first("select coalesce(max(id), 0) from sluice.dead_letter", row -> row.getLong(1)).orElse(0L);
        for (List<DeadLetter> some = list(filter, after, AT_ONCE); !some.isEmpty(); some = list(filter, after, AT_ONCE)) {
            after = some.get(some.size() - 1).id();
            List<DeadLetter> due = some.stream().filter(letter -> letter.id() <= last).toList();
            List<Long> plain = ids(due.stream()
                    .filter(it -> it.edited().isEmpty() && !it.isUnread() && sync(it).isPresent()).toList());
            letters += database.transaction(connection -> Replays.enter(connection, plain, false));
            for (DeadLetter letter : due) {
                if (!letter.edited().isEmpty() || letter.isUnread() || sync(letter).isEmpty()) {
                    try {
                        letters += replay(letter) ? 1 : 0;
                    } catch (Refused why) {
                        refused.add(new Refusal(letter, why.getMessage()));
                    }
                }
            }
        }
        return new Replayed(letters, refused);
    }

    private static List<Long> ids(List<DeadLetter> letters) {
        return letters.stream().map(DeadLetter::id).toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Applier;
import io.sluice.operate.ApiResponses.RejectedRequest;
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
 * Lists, repairs, replays and discards dead letters for operators. Each of these is safe while the pipeline runs, and idempotent:
 * one transaction deletes a letter and enters its change into the outbox.
 */
final class DeadLetters {

    /** Condition of a {@link Filter}. */
    private static final String SELECTED =
            """
            id <= ? and account = coalesce(?::text, account) and sync = coalesce(?::text, sync)
              and key = coalesce(?::text, key) and code is not distinct from coalesce(?::text, code)""";

    private static final String LIST =
            """
            select * from sluice.dead_letter
            where id > ? and %s
            order by id limit ?"""
                    .formatted(SELECTED);

    private static final String MATCHING =
            """
            select count(*) as total, max(id) as up_to from sluice.dead_letter
            where %s"""
                    .formatted(SELECTED);

    private static final String FIND = "select * from sluice.dead_letter where id = ?";

    /** Makes an operator's value the newest one of its field. */
    private static final String EDIT =
            """
            update sluice.dead_letter d set
                fields = d.fields || e.fields,
                stamps = d.stamps || (select jsonb_object_agg(name, now()) from jsonb_object_keys(e.fields) as name),
                edited_fields = array(select unnest(d.edited_fields) union select jsonb_object_keys(e.fields)
                                      order by 1)
            from (select ?::jsonb as fields) as e
            where d.id = ? and d.operation = 'upsert' returning d.*""";

    private static final String DISCARD = "delete from sluice.dead_letter where id = ? returning *";

    /** Letters replayed in one transaction. */
    private static final int BATCH_SIZE = 1000;

    /**
     * Selects letters; null matches any value.
     *
     * @param upTo greatest id: letters of later deaths are not selected
     */
    record Filter(String account, String sync, String key, String code, long upTo) {

        Filter(String account, String sync, String key, String code) {
            this(account, sync, key, code, Long.MAX_VALUE);
        }

        Filter upTo(long id) {
            return new Filter(account, sync, key, code, Math.min(upTo, id));
        }
    }

    /** @param upTo greatest id of the letters; null if there are none */
    record Matching(long total, Long upTo) {}

    private final Database database;
    private final Applier applier;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();

    DeadLetters(Database database, Applier applier, Collection<Sync> syncs) {
        this.database = database;
        this.applier = applier;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** Lists letters by id, which is the order in which their records were first rejected. */
    List<DeadLetter> list(Filter filter, long after, int limit) throws SQLException {
        return database.query(
                LIST,
                DeadLetter::of,
                after,
                filter.upTo(),
                filter.account(),
                filter.sync(),
                filter.key(),
                filter.code(),
                limit);
    }

    /** Counts the letters that a filter selects. */
    Matching matching(Filter filter) throws SQLException {
        return database.first(
                        MATCHING,
                        row -> new Matching(row.getLong("total"), row.getObject("up_to", Long.class)),
                        filter.upTo(),
                        filter.account(),
                        filter.sync(),
                        filter.key(),
                        filter.code())
                .orElseThrow();
    }

    Optional<DeadLetter> find(long id) throws SQLException {
        return database.first(FIND, DeadLetter::of, id);
    }

    /** @return the edited letter; empty when there is no such letter of an upsert */
    Optional<DeadLetter> edit(long id, Map<String, Object> fields) throws SQLException {
        return database.first(EDIT, DeadLetter::of, Json.text(fields), id);
    }

    /** @return the discarded letter; empty when there was none */
    Optional<DeadLetter> discard(long id) throws SQLException {
        return database.first(DISCARD, DeadLetter::of, id);
    }

    /** Returns the present sync of a letter; empty when it was removed or has another account or object now. */
    Optional<Sync> sync(DeadLetter letter) {
        return Optional.ofNullable(syncs.get(letter.sync()))
                .filter(sync -> sync.getAccount().equals(letter.account())
                        && sync.getObject().equals(letter.object()));
    }

    /**
     * Enters a letter's change into the outbox again. An operator's values are written into the row too, like a change of the
     * application: then both sides and every other sync of the table have them.
     *
     * @return whether the letter existed
     * @throws RejectedRequest if its sync does not exist any more, or the table rejects an operator's value
     */
    boolean replay(DeadLetter letter) throws SQLException, RejectedRequest {
        Sync sync = sync(letter)
                .orElseThrow(() -> new RejectedRequest(
                        409,
                        "Dead letter " + letter.name()
                                + " belongs to no sync any more: none of that name goes to " + letter.account() + " "
                                + letter.object() + ". Discard it, or put the sync back"));
        if (letter.isUnread()) {
            return database.transaction(connection -> {
                boolean there = !Database.query(connection, DISCARD, DeadLetter::of, letter.id())
                        .isEmpty();
                applier.reread(connection, sync, letter.key());
                return there;
            });
        }
        if (letter.edited().isEmpty()) {
            return database.transaction(connection -> Replays.enter(connection, ids(List.of(letter)), false)) > 0;
        }
        try {
            return database.transaction(connection -> replayRepaired(connection, letter.id(), sync));
        } catch (SQLException failure) {
            if (!Applier.isRejection(failure)) {
                throw failure;
            }
            throw new RejectedRequest(
                    409,
                    "The table " + sync.getTable() + " rejects the edited values of dead letter " + letter.name() + ": "
                            + RootCause.of(failure));
        }
    }

    private boolean replayRepaired(Connection connection, long id, Sync sync) throws SQLException {
        List<DeadLetter> now = Database.query(connection, FIND + " for update", DeadLetter::of, id);
        if (now.isEmpty()) {
            return false;
        }
        applier.repair(connection, sync, now.get(0).key(), now.get(0).corrections());
        return Replays.enter(connection, ids(now), true) > 0;
    }

    private static final String DISCARD_ALL =
            """
            delete from sluice.dead_letter
            where %s""".formatted(SELECTED);

    /** @return number of discarded letters */
    int discard(Filter filter) throws SQLException {
        return database.update(
                DISCARD_ALL, filter.upTo(), filter.account(), filter.sync(), filter.key(), filter.code());
    }

    /**
     * Result of a replay of several letters.
     *
     * @param letters number of replayed letters
     * @param rejected letters that could not be replayed
     */
    record Replayed(@JsonProperty("replayed") int letters, @JsonProperty("refused") List<Rejection> rejected) {}

    record Rejection(long id, String key, String why) {}

    /** Replays all present letters that the filter selects, a thousand in each transaction. */
    Replayed replay(Filter filter) throws SQLException {
        int letters = 0;
        List<Rejection> rejected = new ArrayList<>();
        long after = 0;
        // letters that are rejected again meanwhile have a higher id
        Filter present =
                filter.upTo(database.first("select coalesce(max(id), 0) from sluice.dead_letter", row -> row.getLong(1))
                        .orElse(0L));
        for (List<DeadLetter> due = list(present, after, BATCH_SIZE);
                !due.isEmpty();
                due = list(present, after, BATCH_SIZE)) {
            after = due.get(due.size() - 1).id();
            List<Long> plain = ids(due.stream()
                    .filter(it -> it.edited().isEmpty() && !it.isUnread() && sync(it).isPresent())
                    .toList());
            letters += database.transaction(connection -> Replays.enter(connection, plain, false));
            for (DeadLetter letter : due) {
                if (!letter.edited().isEmpty()
                        || letter.isUnread()
                        || sync(letter).isEmpty()) {
                    try {
                        letters += replay(letter) ? 1 : 0;
                    } catch (RejectedRequest why) {
                        rejected.add(new Rejection(letter.id(), letter.key(), why.getMessage()));
                    }
                }
            }
        }
        return new Replayed(letters, rejected);
    }

    private static List<Long> ids(List<DeadLetter> letters) {
        return letters.stream().map(DeadLetter::id).toList();
    }
}

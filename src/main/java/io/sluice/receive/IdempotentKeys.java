// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.IdempotentRepository;
import org.apache.camel.support.service.ServiceSupport;

/**
 * Stores the keys of messages that were processed in the table {@code idempotent_key}, so that a repeated message changes
 * nothing, in any replica and after restarts. Housekeeping deletes old keys.
 *
 * <p>The key of a list is the keys of its items, one a line: they are stored and removed together, with one statement. A list
 * is known when all its items are.
 */
public final class IdempotentKeys extends ServiceSupport implements IdempotentRepository {

    private static final String SEPARATOR = "\n";

    private static final String ADD = addWhere("true");

    /** Does not wait for the disk. */
    private static final String ADD_UNFLUSHED = addWhere("set_config('synchronous_commit', 'off', true) = 'off'");

    private static final String KNOWN = "select key from sluice.idempotent_key where repository = ? and key = any (?)";

    private static final String REMOVE = "delete from sluice.idempotent_key where repository = ? and key = any (?)";

    private static final String CLEAR = "delete from sluice.idempotent_key where repository = ?";

    private final Database database;
    private final String repository;
    private final String add;

    private IdempotentKeys(Database database, String repository, String add) {
        this.database = database;
        this.repository = repository;
        this.add = add;
    }

    /** @param repository the name under which the keys are stored; two repositories may have equal keys */
    public IdempotentKeys(Database database, String repository) {
        this(database, repository, ADD);
    }

    /**
     * Makes a repository for messages that are stored by the same PostgreSQL: the commit that stores a message makes its key
     * durable too. A crash of the server before that commit may undo both.
     */
    public static IdempotentKeys ofStoredMessages(Database database, String repository) {
        return new IdempotentKeys(database, repository, ADD_UNFLUSHED);
    }

    /** Joins the keys of a list's items to the key of the list. */
    public static String joined(Collection<String> keys) {
        return String.join(SEPARATOR, keys);
    }

    private static String addWhere(String condition) {
        return """
                insert into sluice.idempotent_key (repository, key)
                select ?, key from unnest(?::text[]) as k(key) where %s order by key
                on conflict do nothing"""
                .formatted(condition);
    }

    private static List<String> split(String key) {
        return key.isEmpty() ? List.of() : List.of(key.split(SEPARATOR));
    }

    /** Returns those of the keys that are stored. */
    public Set<String> known(Collection<String> keys) throws SQLException {
        return keys.isEmpty()
                ? Set.of()
                : database.transaction(connection -> new LinkedHashSet<>(Database.query(
                        connection, KNOWN, row -> row.getString(1), repository, Database.texts(connection, keys))));
    }

    /** Stores a key in a transaction. @return whether it was not stored before */
    static boolean add(Connection connection, String repository, String key) throws SQLException {
        return Database.update(connection, ADD, repository, new String[] {key}) > 0;
    }

    @Override
    public boolean add(String key) {
        return with(key, add) > 0;
    }

    @Override
    public boolean contains(String key) {
        List<String> keys = split(key);
        return asking(() -> known(keys)).containsAll(keys);
    }

    @Override
    public boolean remove(String key) {
        return with(key, REMOVE) > 0;
    }

    @Override
    public boolean confirm(String key) {
        return true;
    }

    @Override
    public void clear() {
        asking(() -> database.update(CLEAR, repository));
    }

    private int with(String key, String sql) {
        return asking(() -> database.update(sql, repository, split(key).toArray(String[]::new)));
    }

    private interface Question<T> {
        T ask() throws SQLException;
    }

    private static <T> T asking(Question<T> question) {
        try {
            return question.ask();
        } catch (SQLException away) {
            throw new RuntimeCamelException(away);
        }
    }
}

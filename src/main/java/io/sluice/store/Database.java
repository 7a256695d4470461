// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connection pool of the PostgreSQL database, with the JDBC helpers that every table's class needs. */
public final class Database implements AutoCloseable {

    /** Work inside one transaction; an exception rolls it back. */
    @FunctionalInterface
    public interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    /** Converts one row to a value. */
    @FunctionalInterface
    public interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    /**
     * Fixes the plans of a transaction. A queue's content changes faster than its statistics: if the table was empty when it was
     * last analysed, the planner chooses a sequential scan for each record of a call. So indexes give the order and find rows by
     * their keys, and joins are hashed. A statement without another plan gets a high estimated cost, which must not start the
     * JIT compiler.
     */
    public static final String FIXED_PLAN =
            """
            select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
                   set_config('enable_sort', 'off', true), set_config('enable_nestloop', 'off', true),
                   set_config('jit', 'off', true)""";

    /**
     * Lets the server notice after 11 s that a machine has vanished without a word, which otherwise takes it two hours: until then
     * the transactions of that machine hold their locks, and all replicas wait. A server that can't, ignores it
     * (https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-TCP-KEEPALIVES-IDLE).
     */
    private static final String NOTICE_VANISHED_CLIENT =
            """
            set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3;
            set tcp_user_timeout = 11000""";

    /** SQL states of a deadlock and of a serialization failure. */
    private static final Set<String> RETRYABLE = Set.of("40P01", "40001");

    private static final int MAX_ATTEMPTS = 5;
    /** Connections that a pool keeps while nothing happens; others are closed after the timeout. */
    private static final int MIN_IDLE = 1;

    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(1);
    /** SQL state of a write in a read-only transaction. */
    private static final String READ_ONLY = "25006";

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);

    private static final String TOO_OLD =
            "select oldest, reason from sluice.compatibility where oldest > ? order by oldest desc limit 1";

    private final HikariDataSource pool;
    /** Number of the newest migration that this version has. */
    private volatile int knownSchema;

    private Database(HikariDataSource pool) {
        this.pool = pool;
    }

    /**
     * Makes a pool for a JDBC URL. The pool does not connect yet: the health check reports an unreachable server, and no
     * exception is thrown here.
     *
     * @param poolSize maximum number of connections
     */
    public static Database of(String url, String user, String password, int poolSize) {
        return of(url, user, password, poolSize, Timeouts.DEFAULT);
    }

    /**
     * Maximum times that a caller waits for the database.
     *
     * @param connection timeout for a connection, at least 250 ms
     * @param answer     timeout for the answer to a statement, in whole seconds, as the driver counts
     */
    public record Timeouts(Duration connection, Duration answer) {
        /** Default timeouts: a server that vanished must not block a sender for longer than a lease. */
        static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(60));
    }

    /** Makes a pool like {@link #of(String, String, String, int)}, with other timeouts. */
    public static Database of(String url, String user, String password, int poolSize, Timeouts timeouts) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("sluice");
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(poolSize);
        config.setMinimumIdle(MIN_IDLE);
        config.setIdleTimeout(IDLE_TIMEOUT.toMillis());
        config.setInitializationFailTimeout(-1);
        // a query that a row security policy would filter fails with an error; otherwise hidden rows would count as
        // deleted
        config.setConnectionInitSql("set row_security = off; " + NOTICE_VANISHED_CLIENT);
        // set whatever the default of the role or the database is: a permit counts calls committed while it waited for
        // its lock
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setConnectionTimeout(timeouts.connection.toMillis());
        // an idle connection is validated first, and a server that hangs must not block its caller longer
        config.setValidationTimeout(timeouts.connection.toMillis());
        config.addDataSourceProperty("ApplicationName", "sluice");
        config.addDataSourceProperty("reWriteBatchedInserts", "true");
        config.addDataSourceProperty("socketTimeout", Long.toString(timeouts.answer.toSeconds()));
        config.addDataSourceProperty("tcpKeepAlive", "true");
        return new Database(new HikariDataSource(config));
    }

    public DataSource dataSource() {
        return pool;
    }

    /**
     * Returns why this database can't store all texts of a CRM, or null if it can. A letter that its encoding lacks would fail
     * every statement that contains the letter, such as one with a key or an event.
     */
    public String encodingProblem() throws SQLException {
        String encoding = first("show server_encoding", row -> row.getString(1)).orElseThrow();
        return encoding.equals("UTF8")
                ? null
                : "sluice.database.url: the database has the encoding " + encoding
                        + ", which can't hold every letter that a CRM accepts; use a database with the encoding 'UTF8' (create database"
                        + " NAME encoding 'UTF8' template template0)";
    }

    /** Brings the schema {@code sluice} up to date. Migrations of a newer version, which this one does not know, stay. */
    public void migrate() {
        Flyway flyway = Flyway.configure(Database.class.getClassLoader())
                .dataSource(pool)
                .schemas("sluice")
                .defaultSchema("sluice")
                .createSchemas(true)
                .locations("classpath:db/migration")
                .load();
        flyway.migrate();
        MigrationInfo[] all = flyway.info().all();
        knownSchema = newest(all, MigrationState::isResolved);
        int present = newest(all, MigrationState::isApplied);
        if (present > knownSchema) {
            LOG.info(
                    "The database has migrations up to {} of a newer version; this version knows {} and may run beside that one",
                    present,
                    knownSchema);
        }
    }

    private static int newest(MigrationInfo[] migrations, Predicate<MigrationState> state) {
        return Stream.of(migrations)
                .filter(migration -> migration.getVersion() != null && state.test(migration.getState()))
                .mapToInt(migration -> migration.getVersion().getMajor().intValue())
                .max()
                .orElse(0);
    }

    /**
     * Returns why this version must not run on the schema, or null if it may: a newer version has changed it in a way with which
     * this one would do harm. The schema must have been migrated.
     */
    public String newerSchemaProblem() throws SQLException {
        return first(
                        TOO_OLD,
                        row -> "the database was migrated by a newer version, which needs migration "
                                + row.getInt("oldest") + ", and this version knows only those up to " + knownSchema
                                + ": " + row.getString("reason")
                                + ". Start the newer version again, or one that knows that migration",
                        knownSchema)
                .orElse(null);
    }

    /**
     * Runs work in a READ COMMITTED transaction. PostgreSQL ends a deadlock by failing one of its transactions, which is then
     * retried: the work may run more than once and must do nothing except use the connection.
     */
    public <T> T transaction(Work<T> work) throws SQLException {
        return retryDeadlocks(() -> once(work));
    }

    /** Runs a single statement in auto-commit mode: the server begins and commits without two more round trips. */
    public <T> T autoCommit(Work<T> statement) throws SQLException {
        return retryDeadlocks(() -> {
            try (Connection connection = pool.getConnection()) {
                try {
                    return statement.in(connection);
                } catch (SQLException failure) {
                    leaveReadOnlyServer(connection, failure);
                    throw failure;
                }
            }
        });
    }

    /** Work that can be retried. */
    @FunctionalInterface
    private interface Attempt<T> {
        T run() throws SQLException;
    }

    private static <T> T retryDeadlocks(Attempt<T> attempt) throws SQLException {
        for (int attempts = 1; ; attempts++) {
            try {
                return attempt.run();
            } catch (SQLException failure) {
                if (attempts == MAX_ATTEMPTS || !RETRYABLE.contains(String.valueOf(failure.getSQLState()))) {
                    throw failure;
                }
            }
        }
    }

    /** Runs a {@link #transaction} with plans that do not depend on statistics ({@link #FIXED_PLAN}). */
    public <T> T planned(Work<T> work) throws SQLException {
        return transaction(connection -> {
            fixPlans(connection);
            return work.in(connection);
        });
    }

    /**
     * Runs a {@link #planned} transaction whose commit does not wait for the disk: a crash of the server may undo all of it. So it
     * is only for work that may be repeated and has no effect outside. The next synchronous commit, such as that of a permit,
     * makes it durable.
     */
    public <T> T repeatable(Work<T> work) throws SQLException {
        return transaction(connection -> {
            query(connection, FIXED_PLAN + ", set_config('synchronous_commit', 'off', true)", row -> null);
            return work.in(connection);
        });
    }

    /** Fixes the plans until the end of the transaction ({@link #FIXED_PLAN}). */
    public static void fixPlans(Connection connection) throws SQLException {
        query(connection, FIXED_PLAN, row -> null);
    }

    private <T> T once(Work<T> work) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.in(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | Error failure) {
                rollback(connection, failure);
                leaveReadOnlyServer(connection, failure);
                throw failure;
            }
        }
    }

    /**
     * Evicts a connection to a server that has become read-only. After a failover the old primary may still answer as a
     * read-only standby, and HikariCP would keep such a connection for half an hour, since it considers the connection valid
     * (<a href="https://github.com/brettwooldridge/HikariCP/blob/dev/src/main/java/com/zaxxer/hikari/pool/ProxyConnection.java">
     * ProxyConnection</a>). The next connection is opened to the new primary.
     */
    private void leaveReadOnlyServer(Connection connection, Throwable failure) {
        if (failure instanceof SQLException readOnly && READ_ONLY.equals(readOnly.getSQLState())) {
            pool.evictConnection(connection);
        }
    }

    /** Fails if the server is read-only, like a standby that was the primary before. */
    public void checkWritable() throws SQLException {
        autoCommit(connection -> {
            if (query(connection, "show transaction_read_only", row -> row.getString(1))
                    .contains("on")) {
                throw new SQLException("the server is read-only, as a standby is", READ_ONLY);
            }
            return null;
        });
    }

    /** Rolls back; the rollback of a broken connection fails too, which must not hide the first error. */
    private static void rollback(Connection connection, Throwable failure) {
        try {
            connection.rollback();
        } catch (SQLException broken) {
            failure.addSuppressed(broken);
        }
    }

    /** Runs a query in a transaction of its own and returns its rows. */
    public <T> List<T> query(String sql, Row<T> row, Object... parameters) throws SQLException {
        return autoCommit(connection -> query(connection, sql, row, parameters));
    }

    /** Runs a query in a transaction of its own and returns its first row; empty if there is none. */
    public <T> Optional<T> first(String sql, Row<T> row, Object... parameters) throws SQLException {
        return query(sql, row, parameters).stream().findFirst();
    }

    /** Runs a statement in a transaction of its own. @return number of rows changed */
    public int update(String sql, Object... parameters) throws SQLException {
        return autoCommit(connection -> update(connection, sql, parameters));
    }

    public static <T> List<T> query(Connection connection, String sql, Row<T> row, Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql, parameters);
                ResultSet rows = statement.executeQuery()) {
            return all(rows, row);
        }
    }

    /** Runs a query after another statement in the same round trip; the result of the first statement is ignored. */
    public static <T> List<T> queryAfter(
            Connection connection, String before, String sql, Row<T> row, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(connection, before + ";" + sql, parameters)) {
            statement.execute();
            statement.getMoreResults();
            return all(statement.getResultSet(), row);
        }
    }

    /** The rows of two queries. */
    public record Two<A, B>(List<A> first, List<B> second) {}

    /**
     * Runs two queries after another statement in the same round trip, each in a snapshot of its own; the result of the first
     * statement is ignored.
     */
    public static <A, B> Two<A, B> queriesAfter(
            Connection connection,
            String before,
            String first,
            Row<A> firstRow,
            String second,
            Row<B> secondRow,
            Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, before + ";" + first + ";" + second, parameters)) {
            statement.execute();
            statement.getMoreResults();
            List<A> firstRows = all(statement.getResultSet(), firstRow);
            statement.getMoreResults();
            return new Two<>(firstRows, all(statement.getResultSet(), secondRow));
        }
    }

    /** Runs further statements after a query in the same round trip; the results of these are ignored. */
    public static <T> List<T> queryThen(
            Connection connection, String sql, String after, Row<T> row, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql + ";" + after, parameters)) {
            statement.execute();
            return all(statement.getResultSet(), row);
        }
    }

    /**
     * Passes on the rows of a query, which are read in parts and never are in memory all at once, in a read-only transaction.
     *
     * @param fetchSize number of rows in a part
     */
    public <T> void stream(String sql, int fetchSize, Row<T> row, Consumer<T> consumer, Object... parameters)
            throws SQLException {
        once(connection -> {
            connection.setReadOnly(true);
            try (PreparedStatement statement = prepare(connection, sql, parameters)) {
                statement.setFetchSize(fetchSize);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        consumer.accept(row.of(rows));
                    }
                }
            }
            return null;
        });
    }

    private static <T> List<T> all(ResultSet rows, Row<T> row) throws SQLException {
        List<T> result = new ArrayList<>();
        while (rows.next()) {
            result.add(row.of(rows));
        }
        return result;
    }

    public static int update(Connection connection, String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql, parameters)) {
            return statement.executeUpdate();
        }
    }

    /** Makes an array of texts for a parameter. */
    public static Array texts(Connection connection, Collection<String> texts) throws SQLException {
        return connection.createArrayOf("text", texts.toArray());
    }

    /** Makes an array with a text of each element for a parameter. */
    public static <T> Array texts(Connection connection, Collection<T> of, Function<T, String> text)
            throws SQLException {
        return connection.createArrayOf("text", of.stream().map(text).toArray());
    }

    private static PreparedStatement prepare(Connection connection, String sql, Object... parameters)
            throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(
                    i + 1, parameters[i] instanceof Instant instant ? instant.atOffset(ZoneOffset.UTC) : parameters[i]);
        }
        return statement;
    }

    /** Reads a column with a time; null where it is null. */
    public static Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    @Override
    public void close() {
        pool.close();
    }
}

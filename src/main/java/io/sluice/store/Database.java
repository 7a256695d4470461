package io.sluice.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/** The one PostgreSQL: a pool shared by all, and the few lines around JDBC that every table's class needs. */
public final class Database implements AutoCloseable {

    /** Work inside one transaction; an exception rolls it back. */
    @FunctionalInterface
    public interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    /** Turns one row into a value. */
    @FunctionalInterface
    public interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    /**
     * What a queue holds changes faster than the statistics of it: one that was empty when it was last analysed looks
     * worth a walk through all of it, for each record of a call. So the ways are fixed: indexes give the order and find
     * what is named by its keys, joins are hashed. What has no other way looks dear by this, and is not to be compiled
     * for it.
     */
    public static final String FIXED_PLAN = """
            select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
                   set_config('enable_sort', 'off', true), set_config('enable_nestloop', 'off', true),
                   set_config('jit', 'off', true)""";

    /** A deadlock, and a conflict between transactions. */
    private static final Set<String> TRY_AGAIN = Set.of("40P01", "40001");
    private static final int ATTEMPTS = 5;
    /** A write in a read-only transaction. */
    private static final String READ_ONLY = "25006";

    private final HikariDataSource pool;

    private Database(HikariDataSource pool) {
        this.pool = pool;
    }

    /**
     * A pool over a JDBC URL. It does not connect yet, so that an unreachable server is the health check's news and
     * not an exception here.
     *
     * @param poolSize most connections at once
     */
    public static Database of(String url, String user, String password, int poolSize) {
        return of(url, user, password, poolSize, Patience.ORDINARY);
    }

    /**
     * How long a caller waits until it is told that the database is away.
     *
     * @param connection for a connection, at least 250 ms
     * @param answer     for the answer to a statement, in whole seconds, for so the driver counts
     */
    public record Patience(Duration connection, Duration answer) {
        /** A server that vanished must not hold a sender for longer than a lease. */
        static final Patience ORDINARY = new Patience(Duration.ofSeconds(5), Duration.ofSeconds(60));
    }

    /** As {@link #of(String, String, String, int)}, for callers with a patience of their own. */
    public static Database of(String url, String user, String password, int poolSize, Patience patience) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("sluice");
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(poolSize);
        config.setInitializationFailTimeout(-1);
        // what a policy would hide fails in words, where it would be taken for gone otherwise
        config.setConnectionInitSql("set row_security = off");
        // whatever the role's or the database's default is: a permit counts what committed while it waited for its lock
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setConnectionTimeout(patience.connection.toMillis());
        // a connection that has rested is tried first, and a server that stands still must not hold its caller longer
        config.setValidationTimeout(patience.connection.toMillis());
        config.addDataSourceProperty("ApplicationName", "sluice");
        config.addDataSourceProperty("reWriteBatchedInserts", "true");
        config.addDataSourceProperty("socketTimeout", Long.toString(patience.answer.toSeconds()));
        config.addDataSourceProperty("tcpKeepAlive", "true");
        return new Database(new HikariDataSource(config));
    }

    public DataSource dataSource() {
        return pool;
    }

    /**
     * Why this database can't hold what people write in a CRM; null where it can. One letter that its encoding lacks would fail
     * whatever statement carries it, a key or an event among them.
     */
    public String encodingProblem() throws SQLException {
        String encoding = first("show server_encoding", row -> row.getString(1)).orElseThrow();
        return encoding.equals("UTF8") ? null : "sluice.database.url: the database has the encoding " + encoding
                + ", which can't hold every letter that a CRM takes; give the tables a database of encoding 'UTF8' (create database"
                + " NAME encoding 'UTF8' template template0)";
    }

    /** Brings the schema {@code sluice} up to date. */
    public void migrate() {
        Flyway.configure(Database.class.getClassLoader()).dataSource(pool)
                .schemas("sluice").defaultSchema("sluice").createSchemas(true)
                .locations("classpath:db/migration").load().migrate();
    }

    /**
     * Runs work in a transaction of its own, READ COMMITTED. PostgreSQL ends a deadlock by failing one of those in it,
     * who is asked to try again; so the work may run more than once and must do nothing but talk to the connection.
     */
    public <T> T transaction(Work<T> work) throws SQLException {
        return untilNoDeadlock(() -> once(work));
    }

    /** A statement that stands alone needs no begin and no commit: the server does both, without two more round trips. */
    private <T> T alone(Work<T> statement) throws SQLException {
        return untilNoDeadlock(() -> {
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

    /** What can be asked for again. */
    @FunctionalInterface
    private interface Attempt<T> {
        T make() throws SQLException;
    }

    private static <T> T untilNoDeadlock(Attempt<T> attempt) throws SQLException {
        for (int made = 1; ; made++) {
            try {
                return attempt.make();
            } catch (SQLException failure) {
                if (made == ATTEMPTS || !TRY_AGAIN.contains(String.valueOf(failure.getSQLState()))) {
                    throw failure;
                }
            }
        }
    }

    /** As {@link #transaction}, with plans that no statistics change ({@link #FIXED_PLAN}). */
    public <T> T planned(Work<T> work) throws SQLException {
        return transaction(connection -> {
            fixPlans(connection);
            return work.in(connection);
        });
    }

    /**
     * As {@link #planned}, without waiting until the disk has it: a server that goes down may take it back, all of it. So it
     * is for what may happen again, and of which nothing outside was told. The next commit that is waited for, such as
     * that of a permit, makes it last.
     */
    public <T> T repeatable(Work<T> work) throws SQLException {
        return transaction(connection -> {
            query(connection, FIXED_PLAN + ", set_config('synchronous_commit', 'off', true)", row -> null);
            return work.in(connection);
        });
    }

    /** From now on until the transaction ends no statistics change a plan. */
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
     * After a failover the old primary may answer on as a read-only standby, and a pool keeps such a connection for half an
     * hour: HikariCP takes it for sound
     * (<a href="https://github.com/brettwooldridge/HikariCP/blob/dev/src/main/java/com/zaxxer/hikari/pool/ProxyConnection.java">
     * ProxyConnection</a>). Thrown away, the next one goes to whoever is the primary by then.
     */
    private void leaveReadOnlyServer(Connection connection, Throwable failure) {
        if (failure instanceof SQLException refused && READ_ONLY.equals(refused.getSQLState())) {
            pool.evictConnection(connection);
        }
    }

    /** Fails where the server takes no writes, as a standby does that was the primary before. */
    public void checkWritable() throws SQLException {
        alone(connection -> {
            if (query(connection, "show transaction_read_only", row -> row.getString(1)).contains("on")) {
                throw new SQLException("the server is read-only, as a standby is", READ_ONLY);
            }
            return null;
        });
    }

    /** A connection that broke can't roll back, which must not hide what broke it. */
    private static void rollback(Connection connection, Throwable failure) {
        try {
            connection.rollback();
        } catch (SQLException broken) {
            failure.addSuppressed(broken);
        }
    }

    /** Rows of one statement, in a transaction of its own. */
    public <T> List<T> query(String sql, Row<T> row, Object... parameters) throws SQLException {
        return alone(connection -> query(connection, sql, row, parameters));
    }

    /** The only row of one statement, or nothing. */
    public <T> Optional<T> first(String sql, Row<T> row, Object... parameters) throws SQLException {
        return query(sql, row, parameters).stream().findFirst();
    }

    /** Runs one statement in a transaction of its own. @return rows changed */
    public int update(String sql, Object... parameters) throws SQLException {
        return alone(connection -> update(connection, sql, parameters));
    }

    public static <T> List<T> query(Connection connection, String sql, Row<T> row, Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql, parameters);
                ResultSet rows = statement.executeQuery()) {
            return all(rows, row);
        }
    }

    /** As {@link #query}, with a statement before it that answers one thing to nobody, in the same round trip. */
    public static <T> List<T> queryAfter(Connection connection, String before, String sql, Row<T> row,
            Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(connection, before + ";" + sql, parameters)) {
            statement.execute();
            statement.getMoreResults();
            return all(statement.getResultSet(), row);
        }
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

    /** An array of texts, for a parameter. */
    public static Array texts(Connection connection, Collection<String> texts) throws SQLException {
        return connection.createArrayOf("text", texts.toArray());
    }

    /** A text of each of these, for a parameter. */
    public static <T> Array texts(Connection connection, Collection<T> of, Function<T, String> text) throws SQLException {
        return connection.createArrayOf("text", of.stream().map(text).toArray());
    }

    private static PreparedStatement prepare(Connection connection, String sql, Object... parameters)
            throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(i + 1, parameters[i]);
        }
        return statement;
    }

    @Override
    public void close() {
        pool.close();
    }
}

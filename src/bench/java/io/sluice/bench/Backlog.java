// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Keeps a number of normal changes waiting: five times a second it counts them and changes as many other rows as are
 * missing, in turn.
 */
final class Backlog implements AutoCloseable {

    private static final long PERIOD_MS = 200;
    /** A row that is in flight or rests would add nothing; so there are more rows than changes. */
    static final int SPARE = 10_000;

    /** Rows that changed, in the outbox or on their way to it. */
    private static final String WAITING =
            """
            select (select count(*) from sluice.outbox where operation is not null and lease is null)
                   + (select coalesce(sum(records), 0) from sluice.change_log)""";

    private static final String CHANGE = "update public.customer set city = ? where n >= ? and n < ?";

    private final Connection connection;
    private final int size;
    private final Thread thread = new Thread(this::keepUp, "backlog");
    private volatile boolean over;
    private volatile SQLException failure;
    private int next = 1;
    private int round;
    private volatile boolean counting;
    private volatile long least = Long.MAX_VALUE;
    private volatile long most;

    /** @param connection its own */
    Backlog(Connection connection, int size) {
        this.connection = connection;
        this.size = size;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Records the minimum and maximum number of waiting rows from now on. */
    void count() {
        counting = true;
    }

    long least() {
        return least;
    }

    long most() {
        return most;
    }

    private void keepUp() {
        try {
            while (!over) {
                long waiting = waiting();
                if (counting) {
                    least = Math.min(least, waiting);
                    most = Math.max(most, waiting);
                }
                change((int) Math.max(0, size - waiting));
                Thread.sleep(PERIOD_MS);
            }
        } catch (SQLException failed) {
            failure = failed;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private long waiting() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(WAITING);
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private void change(int rows) throws SQLException {
        for (int left = rows; left > 0; ) {
            int end = Math.min(next + left, size + SPARE + 1);
            try (PreparedStatement update = connection.prepareStatement(CHANGE)) {
                update.setString(1, "City " + round);
                update.setInt(2, next);
                update.setInt(3, end);
                update.executeUpdate();
            }
            left -= end - next;
            next = end;
            if (next > size + SPARE) {
                next = 1;
                round++;
            }
        }
    }

    @Override
    public void close() throws SQLException {
        over = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        connection.close();
        if (failure != null) {
            throw failure;
        }
    }
}

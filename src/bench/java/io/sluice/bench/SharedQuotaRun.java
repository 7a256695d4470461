// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.store.Database;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Several processes share one quota, and one server sees them all. */
final class SharedQuotaRun {

    static final int REPLICAS = 3;
    static final Duration BETWEEN_KILLS = Duration.ofSeconds(5);
    /** Calls go out in the first seconds of each window; a kill outside of them would meet no call. */
    private static final Duration FIRST_KILL = Duration.ofMillis(1500);

    private static final String LOST =
            """
            select count(*) filter (where status is null and expires_at < clock_timestamp()),
                   count(*) filter (where status = 0)
            from sluice.api_call where account = ?""";

    private final Database database;
    private final String account;
    private final DistantServer server;
    private final String[] arguments;

    private int kills;
    private long died;
    private long unanswered;

    /** @param limit as in the settings */
    SharedQuotaRun(
            Database database, String url, String account, String limit, DistantServer server, DistantHttpServer http) {
        this.database = database;
        this.account = account;
        this.server = server;
        this.arguments = new String[] {url, account, limit, http.uri().toString()};
    }

    void run(Duration duration, boolean kill) throws IOException, InterruptedException, SQLException {
        List<ReplicaProcess> replicas = new ArrayList<>();
        try {
            for (int i = 0; i < REPLICAS; i++) {
                replicas.add(new ReplicaProcess(arguments));
            }
            for (ReplicaProcess replica : replicas) {
                replica.awaitReady();
            }
            server.window().open(duration);
            long end = System.nanoTime() + duration.toNanos();
            for (ReplicaProcess replica : replicas) {
                replica.begin();
            }
            if (kill) {
                killInTurn(replicas, end);
            }
            sleepUntil(end);
            countLost();
        } finally {
            for (ReplicaProcess replica : replicas) {
                replica.close();
            }
        }
    }

    private void killInTurn(List<ReplicaProcess> replicas, long end) throws IOException, InterruptedException {
        for (long next = System.nanoTime() + FIRST_KILL.toNanos(); next < end; next += BETWEEN_KILLS.toNanos()) {
            sleepUntil(next);
            replicas.get(0).kill();
            kills++;
            replicas.set(0, new ReplicaProcess(arguments));
            replicas.get(0).begin();
            Collections.rotate(replicas, -1);
        }
    }

    private static void sleepUntil(long moment) throws InterruptedException {
        Thread.sleep(Math.max(0, (moment - System.nanoTime()) / 1_000_000));
    }

    private void countLost() throws SQLException {
        long[] lost = database.first(LOST, row -> new long[] {row.getLong(1), row.getLong(2)}, account)
                .orElseThrow();
        died = lost[0];
        unanswered = lost[1];
    }

    int kills() {
        return kills;
    }

    /** Calls that were granted to a process that did not live to report them. */
    long died() {
        return died;
    }

    /** Calls whose answer a running process did not get in time. */
    long unanswered() {
        return unanswered;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A database whose default isolation is stricter breaks no limit. */
class IsolationTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Test
    void noMoreIsGrantedThanTheLimitWhereTheDatabasesDefaultIsRepeatableRead() throws Exception {
        DATABASE.reset();
        String name = DATABASE.text("select current_database()");
        DATABASE.run("alter database \"" + name + "\" set default_transaction_isolation = 'repeatable read'");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Database> replicas = new ArrayList<>();
        try {
            Limits limits = Limits.of(Map.of("crm", List.of(new Limit("burst", 5, Duration.ofSeconds(60)))));
            CountDownLatch go = new CountDownLatch(1);
            List<Future<Integer>> granted = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Database replica = DATABASE.beside(name);
                replicas.add(replica);
                Quota quota = new Quota(replica, limits, Duration.ofSeconds(20), Duration.ofSeconds(10));
                replica.query("select 1", row -> 1);
                granted.add(pool.submit(() -> {
                    go.await();
                    int mine = 0;
                    for (int ask = 0; ask < 10; ask++) {
                        mine += quota.grant("crm", "upsert", Priority.CRITICAL).isPresent() ? 1 : 0;
                    }
                    return mine;
                }));
            }
            go.countDown();
            int all = 0;
            for (Future<Integer> each : granted) {
                all += each.get();
            }
            assertThat(all).as("granted of 5").isLessThanOrEqualTo(5);
        } finally {
            pool.shutdownNow();
            replicas.forEach(Database::close);
            DATABASE.run("alter database \"" + name + "\" reset default_transaction_isolation");
        }
    }
}

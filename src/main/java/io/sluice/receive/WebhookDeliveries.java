// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.IdempotentRepository;
import org.apache.camel.support.service.ServiceSupport;

/**
 * Stores the keys of webhook deliveries in the table {@code webhook_delivery}, so that a replayed request changes nothing, in
 * any replica and after restarts. The key of a delivery is its signature.
 */
public final class WebhookDeliveries extends ServiceSupport implements IdempotentRepository {

    private static final String ADD = "insert into sluice.webhook_delivery (key) values (?) on conflict do nothing";
    private static final String CONTAINS = "select from sluice.webhook_delivery where key = ?";
    private static final String REMOVE = "delete from sluice.webhook_delivery where key = ?";
    private static final String PURGE =
            """
            delete from sluice.webhook_delivery where received_at < clock_timestamp() - ? * interval '1 millisecond'""";

    private final Database database;

    /** @param database pool with short timeouts: a sender gives up after some seconds */
    public WebhookDeliveries(Database database) {
        this.database = database;
    }

    @Override
    public boolean add(String key) {
        return asking(() -> database.update(ADD, key) == 1);
    }

    @Override
    public boolean contains(String key) {
        return asking(() -> database.first(CONTAINS, row -> true, key).isPresent());
    }

    @Override
    public boolean remove(String key) {
        return asking(() -> database.update(REMOVE, key) == 1);
    }

    @Override
    public boolean confirm(String key) {
        return true;
    }

    @Override
    public void clear() {
        asking(() -> database.update("delete from sluice.webhook_delivery") >= 0);
    }

    /** Deletes the keys of deliveries that no CRM repeats any more. @param retention time since they were received */
    public int purge(Duration retention) throws SQLException {
        return database.update(PURGE, retention.toMillis());
    }

    private interface Question {
        boolean ask() throws SQLException;
    }

    private static boolean asking(Question question) {
        try {
            return question.ask();
        } catch (SQLException away) {
            throw new RuntimeCamelException(away);
        }
    }
}

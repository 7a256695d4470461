// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** Starts two servers; one of them can publish by logical replication. */
public final class SubscriberAndPublisher implements AutoCloseable {

    private final EmbeddedDatabase publisher;
    private final EmbeddedDatabase subscriber;

    private SubscriberAndPublisher(EmbeddedDatabase publisher, EmbeddedDatabase subscriber) {
        this.publisher = publisher;
        this.subscriber = subscriber;
    }

    public static SubscriberAndPublisher start(Path folder) throws SQLException {
        Path data = SharedBinaries.in(folder.resolve("publisher"));
        EmbeddedDatabase first = EmbeddedDatabase.start(data, FreePorts.next(), false);
        try (Connection connection = DriverManager.getConnection(first.url());
                Statement statement = connection.createStatement()) {
            statement.execute("alter system set wal_level = logical");
        }
        first.close();
        return new SubscriberAndPublisher(
                EmbeddedDatabase.start(data, FreePorts.next(), false),
                EmbeddedDatabase.start(SharedBinaries.in(folder.resolve("subscriber")), FreePorts.next(), false));
    }

    public String publisher() {
        return publisher.url();
    }

    public int publisherPort() {
        return publisher.port();
    }

    public String subscriber() {
        return subscriber.url();
    }

    @Override
    public void close() {
        subscriber.close();
        publisher.close();
    }
}

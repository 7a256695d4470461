// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.AccountControl;
import java.io.IOException;

/**
 * Holds the server of the Pub/Sub API, and serves {@code /sandbox/pubsub/{account}}: its port and certificate. {@code
 * DELETE} ends the account's subscriptions. Until it is started, nothing of gRPC is loaded.
 */
public final class PubSub implements AccountControl, AutoCloseable {

    private volatile PubSubServer server;

    /** @throws IOException when the port is taken */
    public void start(Gate gate, String host, int port, boolean tls) throws IOException {
        server = PubSubServer.start(gate, host, port, tls);
    }

    /** Answers the port, or 0 when it is not started. */
    public int port() {
        return server == null ? 0 : server.port();
    }

    /** Answers the certificate in PEM form, or null in plain text. */
    public String certificate() {
        return server == null ? null : server.certificate();
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        if ("DELETE".equals(method) && server != null) {
            server.cut(account);
        }
        ObjectNode shown = JsonNodeFactory.instance.objectNode().put("port", port());
        return certificate() == null ? shown : shown.put("certificate", certificate());
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Lets calls with a valid access token pass (<a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/guide/supported-auth.html">Supported
 * Authentication</a>).
 */
final class Authentication implements ServerInterceptor {

    static final Context.Key<Visitor> VISITOR = Context.key("visitor");

    private static final Metadata.Key<String> TOKEN = key("accesstoken");
    private static final Metadata.Key<String> INSTANCE = key("instanceurl");
    private static final Metadata.Key<String> TENANT = key("tenantid");
    /** Length of an id without the letters that tell its case. */
    private static final int SHORT_ID = 15;

    private final Gate gate;

    Authentication(Gate gate) {
        this.gate = gate;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String tenant = headers.get(TENANT);
        String token = headers.get(TOKEN);
        if (Stream.of(token, headers.get(INSTANCE), tenant).anyMatch(header -> header == null || header.isBlank())) {
            return closed(call, PubSubError.AUTH_HEADERS);
        }
        Optional<Visitor> visitor =
                gate.visitor(token).filter(one -> one.isAuthorized().getAsBoolean());
        boolean isTenant = tenant.length() >= SHORT_ID && gate.organization().startsWith(tenant.substring(0, SHORT_ID));
        if (visitor.isEmpty() || !isTenant) {
            return closed(call, PubSubError.AUTH);
        }
        return Contexts.interceptCall(Context.current().withValue(VISITOR, visitor.get()), call, headers, next);
    }

    private static <Q, R> ServerCall.Listener<Q> closed(ServerCall<Q, R> call, PubSubError error) {
        call.close(error.status(UUID.randomUUID().toString()), error.trailers());
        return new ServerCall.Listener<>() {};
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }
}

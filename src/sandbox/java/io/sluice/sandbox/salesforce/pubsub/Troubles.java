// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.grpc.StatusRuntimeException;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Fault;
import java.util.Optional;

/** Applies an account's faults to calls of the Pub/Sub API. A fault strikes them only when it names their operation. */
final class Troubles {

    private final Account account;
    private final String rpcId;

    Troubles(Account account, String rpcId) {
        this.account = account;
        this.rpcId = rpcId;
    }

    /** @param object the object that the call is about, or empty */
    Optional<Fault> strike(Fault.Kind kind, String operation, String object) {
        return account.faults().strikeWork(kind, operation, object, true);
    }

    /** Finds the error with which a fault ends the call. */
    Optional<StatusRuntimeException> error(String operation, String object) {
        return strike(Fault.Kind.ANSWER, operation, object)
                .map(fault -> PubSubError.named(
                        fault.settings().path("errorCode").asText("subscription.internal.error"),
                        fault.settings().path("message").asText(null),
                        rpcId))
                .or(() -> strike(Fault.Kind.UNAVAILABLE, operation, object)
                        .map(fault -> PubSubError.SERVICE_UNAVAILABLE.exception(rpcId)))
                .or(() ->
                        strike(Fault.Kind.REFUSE, operation, object).map(fault -> PubSubError.LIMIT.exception(rpcId)));
    }
}

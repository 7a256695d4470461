// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Transaction;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** Serves {@code /objects/X/ID/associations/Y/ID}: the associations of one record. */
final class AssociationRows {

    private AssociationRows() {}

    /** Associates one record with another by the labels of an array. */
    static Answer put(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(4));
        List<AssociationType> types = objects.named(specs(call), true);
        return Answers.json(
                201,
                write(
                        call,
                        attempt,
                        transaction -> objects.associate(transaction, attempt, call.part(2), call.part(5), types)));
    }

    static Answer putDefault(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(5));
        long started = call.store().now();
        ObjectNode result = write(
                call,
                attempt,
                transaction -> objects.associateByDefault(transaction, attempt, call.part(2), call.part(6)));
        return Batches.answer(call, 200, started, List.of(result), List.of());
    }

    static Answer list(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(4));
        ObjectNode body = Answers.JSON.createObjectNode();
        Associations.page(call, body, "results", objects.links(call.part(2)), call.parameter("after"));
        return Answers.json(200, body);
    }

    static Answer delete(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(4));
        write(call, attempt, transaction -> {
            objects.part(transaction, call.part(2), call.part(5), List.of());
            return null;
        });
        return Answer.empty(204);
    }

    private static <T> T write(ApiCall call, Request.Attempt attempt, Function<Transaction, T> work) {
        try (Transaction transaction = call.store().begin()) {
            T result = work.apply(transaction);
            attempt.commit(transaction);
            return result;
        }
    }

    private static JsonNode specs(ApiCall call) {
        try {
            JsonNode specs = Answers.JSON.readTree(call.call().body());
            if (specs != null && specs.isArray()) {
                return specs;
            }
        } catch (IOException e) {
            // answered below
        }
        throw HubspotError.invalid("Invalid input JSON: an array of association specs is required.")
                .thrown();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.server.Request;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;

/**
 * Serves {@code /composite/batch}: up to 25 independent calls in one. Each part counts as a call of the day (<a
 * href="https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-batch.html">Batch</a>). The
 * status is always 200, with {@code hasErrors} when one part failed; with {@code haltOnError} the parts after it are
 * skipped.
 */
final class CompositeBatch {

    private static final int MOST_CALLS = 25;
    /** Status reported for a skipped part; from memory. */
    private static final int HALTED = 412;

    private final Resources resources;
    private final Predicate<Account> spends;

    /** @param spends spends a call of the day, and tells whether there was one left */
    CompositeBatch(Resources resources, Predicate<Account> spends) {
        this.resources = resources;
        this.spends = spends;
    }

    Answer run(ApiCall call, Request.Attempt attempt) {
        JsonNode body = call.body().json();
        JsonNode calls = body.path("batchRequests");
        if (!calls.isArray() || calls.isEmpty()) {
            throw new RefusedException("JSON_PARSER_ERROR", "The batchRequests property is required");
        }
        if (calls.size() > MOST_CALLS) {
            throw new RefusedException(
                    "LIMIT_EXCEEDED", "Limit on number of subrequests exceeded; the limit is " + MOST_CALLS);
        }
        boolean halts = body.path("haltOnError").asBoolean();
        boolean hasErrors = false;
        boolean first = true;
        ArrayNode results = Answers.JSON.createArrayNode();
        for (JsonNode one : calls) {
            // the batch itself was counted as its first part
            boolean isHalted = hasErrors && halts;
            Answer answer = isHalted
                    ? halted()
                    : first || spends.test(call.account())
                            ? answer(call, one, attempt)
                            : Answers.error(SalesforceProtocol.refused(Limiter.DAILY));
            first = false;
            hasErrors |= answer.status() >= 400;
            results.addObject().put("statusCode", answer.status()).set("result", json(answer));
        }
        ObjectNode answer = Answers.JSON.createObjectNode().put("hasErrors", hasErrors);
        answer.set("results", results);
        return Answers.json(200, answer);
    }

    /** Builds the call of a part, or null when a batch does not take its address. */
    static ApiCall inner(ApiCall outer, JsonNode one) {
        String url = one.path("url").asText();
        ApiCall call = Composite.inner(
                outer,
                one.path("method").asText("GET"),
                url.startsWith("/services/data/") ? url : "/services/data/" + url,
                one.path("richInput"));
        return call == null || "composite".equals(call.rest().get(0)) ? null : call;
    }

    private Answer answer(ApiCall outer, JsonNode one, Request.Attempt attempt) {
        ApiCall call = inner(outer, one);
        return call == null ? Answers.error(SalesforceError.notFound()) : resources.answer(call, attempt);
    }

    private static Answer halted() {
        return Answers.error(
                HALTED, List.of(SalesforceError.of("BATCH_PROCESSING_HALTED", "Batch processing halted per request")));
    }

    private static JsonNode json(Answer answer) {
        try {
            return Composite.json(answer);
        } catch (IOException e) {
            throw new IllegalStateException("A part's answer is JSON.", e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Represents a call of the REST API, or one part of a composite call.
 *
 * @param version     such as v62.0
 * @param rest        what follows the version in the path
 * @param transaction the composite's transaction that it takes part in, or null when it commits by itself
 */
record ApiCall(
        Account account,
        String method,
        String version,
        List<String> rest,
        Map<String, String> query,
        Map<String, String> headers,
        Body body,
        String origin,
        Transaction transaction) {

    /** Holds the JSON of a request and parses it once, when it is first needed. */
    static final class Body {

        private final byte[] bytes;
        private final Path upload;
        private JsonNode json;

        private Body(byte[] bytes, Path upload) {
            this.bytes = bytes;
            this.upload = upload;
        }

        Body(JsonNode json) {
            this(null, null);
            this.json = json;
        }

        /** Answers the file that holds the body instead, or null. */
        Path upload() {
            return upload;
        }

        /** @throws RefusedException when it is not a JSON object or array */
        synchronized JsonNode json() {
            if (json == null) {
                try {
                    json = Answers.JSON.readTree(bytes);
                } catch (IOException e) {
                    throw new RefusedException("JSON_PARSER_ERROR", "Unexpected character or end of the body");
                }
            }
            if (json == null || !json.isContainerNode()) {
                throw new RefusedException(
                        "JSON_PARSER_ERROR",
                        "The HTTP entity body is required, but this request has " + "no entity body.");
            }
            return json;
        }
    }

    static ApiCall of(Account account, Call call, String method, List<String> segments) {
        return new ApiCall(
                account,
                method,
                segments.get(2),
                segments.subList(3, segments.size()),
                call.query(),
                call.headers(),
                new Body(call.body(), call.upload()),
                call.origin(),
                null);
    }

    Store store() {
        return account.store();
    }

    String part(int index) {
        return rest.get(index);
    }

    /** Finds the object named at this index of the path; NOT_FOUND when there is none. */
    Table table(int index) {
        return store().table(rest.get(index)).orElseThrow(() -> new RefusedException(SalesforceError.notFound()));
    }

    String parameter(String name, String otherwise) {
        return query.getOrDefault(name, otherwise);
    }

    /** Writes in the transaction of the composite around this call, or in a new one, and commits the latter. */
    <T> T write(Request.Attempt attempt, Function<RecordWriter, T> work) {
        SaveOptions options = SaveOptions.of(version, headers);
        return transaction != null
                ? work.apply(new RecordWriter(store(), transaction, attempt, options))
                : RecordWriter.write(store(), attempt, options, work);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.stream.Collectors;

/** Makes a CRM user's edits: one at a time, or many by an import. None of them counts as a call. */
final class UserEdits {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** Key of the record to change in a line of an import: a record id or external id. */
    private static final String ID = "id";

    private final Vertx vertx;
    private final Account account;
    private final CrmUser user;

    UserEdits(Vertx vertx, Account account, CrmUser user) {
        this.vertx = vertx;
        this.account = account;
        this.user = user;
    }

    /** @param id null for a new record */
    ObjectNode write(Table table, String id, JsonNode fields) {
        return edited(table, attempt -> user.write(account, table, id, fields, attempt));
    }

    ObjectNode delete(Table table, String id) {
        return edited(table, attempt -> {
            user.delete(account, table, id, attempt);
            return id;
        });
    }

    /**
     * Imports records: a line of JSON for each, with {@code id} for an existing record. Each line is an edit of its
     * own; a rejected line stops no other.
     *
     * @param oneStamp whether all of them bear one stamp, as what an organisation writes at once does
     * @return a line for each, in their order: {@code {"id":"5"}} or {@code {"error":"a sentence"}}
     */
    String imported(Table table, String lines, boolean oneStamp) {
        return oneStamp ? account.store().atOneMoment(() -> imported(table, lines)) : imported(table, lines);
    }

    private String imported(Table table, String lines) {
        return lines.lines()
                .filter(line -> !line.isBlank())
                .map(line -> imported(table, parsed(line)).toString() + "\n")
                .collect(Collectors.joining());
    }

    private ObjectNode imported(Table table, Optional<ObjectNode> line) {
        if (line.isEmpty()) {
            return JSON.createObjectNode().put("error", "The line is no JSON object.");
        }
        JsonNode id = line.get().remove(ID);
        try {
            return write(table, id == null ? null : id.asText(), line.get());
        } catch (IllegalArgumentException wrong) {
            return JSON.createObjectNode().put("error", wrong.getMessage());
        }
    }

    private static Optional<ObjectNode> parsed(String line) {
        try {
            return JSON.readTree(line) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException malformed) {
            return Optional.empty();
        }
    }

    private interface Edit {
        String make(Request.Attempt attempt);
    }

    /** Makes an edit. Late commits apply to it; the answer comes at once, with the moment at which others see it. */
    private ObjectNode edited(Table table, Edit edit) {
        Optional<Fault> late =
                account.faults().strikeEdit(Fault.Kind.LATE_COMMIT, table.type().name());
        Request.Attempt attempt =
                new Request.Attempt(account.faults().noRows(), late.isPresent(), new Store.Signature("user", null));
        ObjectNode answer = JSON.createObjectNode().put(ID, edit.make(attempt));
        attempt.held().ifPresent(held -> {
            long millis = late.map(Fault::lateMillis).orElse(0L);
            vertx.setTimer(
                    Math.max(1, millis),
                    t -> vertx.executeBlocking(
                            () -> {
                                held.release();
                                return null;
                            },
                            false));
            answer.put("visibleInMs", millis);
        });
        return answer;
    }
}

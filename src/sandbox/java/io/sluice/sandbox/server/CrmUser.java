// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Optional;

/** A person who works in the CRM's own screens. Each method throws IllegalArgumentException with the reason. */
public interface CrmUser {

    /** The record as JSON with every field that is set, found by id or external id; empty when there is none. */
    Optional<ObjectNode> read(Account account, Table table, String idOrKey);

    /** The row as JSON with every field that is set. */
    ObjectNode show(Account account, Table table, Row row);

    /** Creates a record (without an id) or changes one; answers its id. */
    String write(Account account, Table table, String idOrKey, JsonNode fields, Request.Attempt attempt);

    /** What the CRM itself changes in a record by a rule of its customer's; the write is signed as an automation's. */
    default void automate(Account account, Table table, String id, JsonNode fields, Request.Attempt attempt) {
        write(account, table, id, fields, attempt);
    }

    void delete(Account account, Table table, String idOrKey, Request.Attempt attempt);
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Optional;

/**
 * Edits records as a person does in the CRM's own screens. Each method throws IllegalArgumentException with the reason.
 */
public interface CrmUser {

    /** Reads a record as JSON with every field that is set, by id or external id; empty when there is none. */
    Optional<ObjectNode> read(Account account, Table table, String idOrKey);

    /** Shows the row as JSON with every field that is set. */
    ObjectNode show(Account account, Table table, Row row);

    /** Creates a record (without an id) or changes one; answers its id. */
    String write(Account account, Table table, String idOrKey, JsonNode fields, Request.Attempt attempt);

    /** Changes a record as an automation of the CRM's customer; the write is signed as an automation. */
    default void automate(Account account, Table table, String id, JsonNode fields, Request.Attempt attempt) {
        write(account, table, id, fields, attempt);
    }

    void delete(Account account, Table table, String idOrKey, Request.Attempt attempt);
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.sluice.Operation;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Dead letter: a change that the CRM rejects. The API shows it as it is.
 *
 * @param fields   CRM field to value; null clears the field
 * @param stamps   CRM field to the time of its change
 * @param code     the CRM's error code, or null
 * @param message  the CRM's message, or null
 * @param rejected fields that the CRM named as the cause
 * @param edited   fields that an operator edited
 * @param diedAt   time of the rejection
 */
record DeadLetter(
        long id,
        String account,
        String object,
        String sync,
        String key,
        Operation operation,
        Map<String, Object> fields,
        @JsonProperty("changedAt") Map<String, Object> stamps,
        String code,
        String message,
        @JsonProperty("rejectedFields") List<String> rejected,
        @JsonProperty("editedFields") List<String> edited,
        Instant diedAt) {

    static DeadLetter of(ResultSet row) throws SQLException {
        return new DeadLetter(
                row.getLong("id"),
                row.getString("account"),
                row.getString("object"),
                row.getString("sync"),
                row.getString("key"),
                Operation.of(row.getString("operation")),
                Json.fields(row.getString("fields")),
                Json.fields(row.getString("stamps")),
                row.getString("code"),
                row.getString("message"),
                texts(row.getArray("rejected_fields")),
                texts(row.getArray("edited_fields")),
                Database.instant(row, "died_at"));
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }

    /** Names the letter in messages. */
    String name() {
        return id + " (" + sync + " " + key + ")";
    }

    /** Whether its row could not be read, so that it has no values: a replay reads the row again. */
    @JsonIgnore
    boolean isUnread() {
        return operation == Operation.UPSERT && fields.isEmpty();
    }

    /** Returns the values that an operator wrote. */
    Map<String, Object> corrections() {
        Map<String, Object> corrections = new LinkedHashMap<>(fields);
        corrections.keySet().retainAll(edited);
        return corrections;
    }
}

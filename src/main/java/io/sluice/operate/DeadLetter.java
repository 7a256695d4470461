package io.sluice.operate;

import io.sluice.Operation;
import io.sluice.store.Json;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A change that the CRM will not take as it is.
 *
 * @param fields   CRM field to value; null clears the field
 * @param stamps   CRM field to the time at which it changed
 * @param code     the CRM's error code, or null
 * @param message  its own words, or null
 * @param rejected fields that it named as the cause
 * @param edited   fields that an operator gave another value
 */
record DeadLetter(long id, String account, String object, String sync, String key, Operation operation,
        Map<String, Object> fields, Map<String, Object> stamps, String code, String message, List<String> rejected,
        List<String> edited, Instant diedAt) {

    static DeadLetter of(ResultSet row) throws SQLException {
        return new DeadLetter(row.getLong("id"), row.getString("account"), row.getString("object"),
                row.getString("sync"), row.getString("key"), Operation.of(row.getString("operation")),
                Json.fields(row.getString("fields")), Json.fields(row.getString("stamps")), row.getString("code"),
                row.getString("message"), texts(row.getArray("rejected_fields")), texts(row.getArray("edited_fields")),
                row.getObject("died_at", OffsetDateTime.class).toInstant());
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }

    /** For people, in messages. */
    String name() {
        return id + " (" + sync + " " + key + ")";
    }

    /** Whether its row could not be read, so that nothing of it is here: to replay it is to read the row again. */
    boolean isUnread() {
        return operation == Operation.UPSERT && fields.isEmpty();
    }

    /** The values that an operator wrote. */
    Map<String, Object> corrections() {
        Map<String, Object> corrections = new LinkedHashMap<>(fields);
        corrections.keySet().retainAll(edited);
        return corrections;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("account", account);
        json.put("object", object);
        json.put("sync", sync);
        json.put("key", key);
        json.put("operation", operation.toString());
        json.put("fields", fields);
        json.put("changedAt", stamps);
        json.put("code", code);
        json.put("message", message);
        json.put("rejectedFields", rejected);
        json.put("editedFields", edited);
        json.put("diedAt", diedAt.toString());
        return json;
    }
}

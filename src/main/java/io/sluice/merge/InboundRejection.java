// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/**
 * Inbound rejection: a record of a CRM that the table rejects. The API shows it as it is.
 *
 * @param key     key of the record in the table, or null
 * @param columns columns that the table rejects
 * @param why     error message of the database, without values
 * @param times   number of times that the record was rejected
 */
public record InboundRejection(
        long id,
        String sync,
        String key,
        String crmId,
        List<String> columns,
        String why,
        Instant firstAt,
        Instant lastAt,
        long times) {

    static InboundRejection of(ResultSet row) throws SQLException {
        return new InboundRejection(
                row.getLong("id"),
                row.getString("sync"),
                row.getString("key"),
                row.getString("crm_id"),
                List.of((String[]) row.getArray("columns").getArray()),
                row.getString("why"),
                Database.instant(row, "first_at"),
                Database.instant(row, "last_at"),
                row.getLong("times"));
    }
}

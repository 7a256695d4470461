// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.function.Predicate;

/**
 * Serves query, queryAll, queryMore and retrieve of the SOAP API. A page has 500 rows, or as many as QueryOptions says.
 */
final class SoapReads {

    private static final int USUAL_PAGE = 500;
    private static final int MOST_READ = 2000;

    private final Cursors cursors;

    SoapReads(Cursors cursors) {
        this.cursors = cursors;
    }

    Answer query(SoapCall call, Request.Attempt attempt) {
        return page(call, cursors.first(call.account(), call.argument("queryString"), false, pageSize(call)));
    }

    Answer queryAll(SoapCall call, Request.Attempt attempt) {
        return page(call, cursors.first(call.account(), call.argument("queryString"), true, pageSize(call)));
    }

    Answer queryMore(SoapCall call, Request.Attempt attempt) {
        return page(call, cursors.next(call.account(), call.argument("queryLocator")));
    }

    /** Answers the records of these ids, nil for a missing one. */
    static Answer retrieve(SoapCall call, Request.Attempt attempt) {
        Table table = call.table(call.argument("sObjectType"));
        RecordJson.Selection selection = Rows.selection(table, call.argument("fieldList"));
        List<String> ids = call.body().children("ids").stream()
                .map(id -> id.text().strip())
                .toList();
        if (ids.size() > MOST_READ) {
            throw new RefusedException(
                    "EXCEEDED_ID_LIMIT",
                    "record limit reached. cannot retrieve more than " + MOST_READ + " records in this call");
        }
        ids.stream().filter(Predicate.not(RecordIds::isWellFormed)).findFirst().ifPresent(id -> {
            throw new RefusedException("MALFORMED_ID", "malformed id " + id);
        });
        return call.answer(xml -> {
            for (String id : ids) {
                Row row = table.row(id);
                if (row == null || row.isDeleted()) {
                    xml.value("result", null);
                } else {
                    SoapRecords.write(xml, "result", call.store(), table, row, selection);
                }
            }
        });
    }

    private static Answer page(SoapCall call, Cursors.Page page) {
        return call.answer(
                xml -> xml.typed("result", "QueryResult", result -> SoapRecords.page(result, call.store(), page)));
    }

    private static int pageSize(SoapCall call) {
        return call.envelope()
                .header("QueryOptions", "batchSize")
                .filter(size -> size.matches("\\d{1,5}"))
                .map(Integer::parseInt)
                .orElse(USUAL_PAGE);
    }
}

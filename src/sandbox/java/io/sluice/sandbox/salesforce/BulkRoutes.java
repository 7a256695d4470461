// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.bulk.IngestResults;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Routes the requests of Bulk API 2.0. */
final class BulkRoutes {

    private final BulkIngest ingest;
    private final BulkQueries queries;

    BulkRoutes(Bulk bulk) {
        this.ingest = new BulkIngest(bulk);
        this.queries = new BulkQueries(bulk);
    }

    /** Whether the body is the rows of a job. */
    static boolean isUpload(String method, List<String> rest) {
        return "PUT".equals(method)
                && rest.size() == 4
                && "jobs".equals(rest.get(0))
                && "ingest".equals(rest.get(1))
                && "batches".equals(rest.get(3));
    }

    /** @param rest what follows the version in the path, beginning with jobs */
    Optional<Resources.Route> found(String method, List<String> rest) {
        if (isUpload(method, rest)) {
            return route("bulkUpload", ingest::upload);
        }
        return switch (rest.size() < 2 ? "" : rest.get(1)) {
            case "ingest" -> ingest(method, rest);
            case "query" -> query(method, rest);
            default -> Optional.empty();
        };
    }

    private Optional<Resources.Route> ingest(String method, List<String> rest) {
        return switch (method + " " + rest.size()) {
            case "POST 2" -> route("bulkCreate", ingest::create);
            case "GET 2" -> route("bulkList", ingest.jobs()::list);
            case "GET 3" -> route("bulkStatus", ingest.jobs()::status);
            case "PATCH 3" -> route("bulkClose", ingest::close);
            case "DELETE 3" -> route("bulkDelete", ingest.jobs()::delete);
            case "GET 4" ->
                switch (rest.get(3).toLowerCase(Locale.ROOT)) {
                    case "successfulresults" -> results("bulkSuccessful", IngestResults.Part.SUCCESSFUL);
                    case "failedresults" -> results("bulkFailed", IngestResults.Part.FAILED);
                    case "unprocessedrecords" -> results("bulkUnprocessed", IngestResults.Part.UNPROCESSED);
                    default -> Optional.empty();
                };
            default -> Optional.empty();
        };
    }

    private Optional<Resources.Route> query(String method, List<String> rest) {
        return switch (method + " " + rest.size()) {
            case "POST 2" -> route("bulkQueryCreate", queries::create);
            case "GET 2" -> route("bulkQueryList", queries.jobs()::list);
            case "GET 3" -> route("bulkQueryStatus", queries.jobs()::status);
            case "PATCH 3" -> route("bulkQueryAbort", queries::abort);
            case "DELETE 3" -> route("bulkQueryDelete", queries.jobs()::delete);
            case "GET 4" ->
                "results".equals(rest.get(3)) ? route("bulkQueryResults", queries::results) : Optional.empty();
            default -> Optional.empty();
        };
    }

    private Optional<Resources.Route> results(String operation, IngestResults.Part part) {
        return route(operation, (call, attempt) -> ingest.results(call, part));
    }

    private static Optional<Resources.Route> route(String operation, Resources.Handler handler) {
        return Optional.of(new Resources.Route(operation, null, handler));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the resource of a method and path, and its operation for the referee. */
final class Resources {

    private final Queries queries;
    private final Composite composite = new Composite(this);
    private final CompositeBatch batch;
    private final Graphs graphs = new Graphs(composite);
    private final BulkRoutes bulk;

    Resources(Bulk bulk, Cursors cursors) {
        this.bulk = new BulkRoutes(bulk);
        this.batch = new CompositeBatch(this, bulk::spendCall);
        this.queries = new Queries(cursors);
    }

    /** Answers a call of a resource. */
    interface Handler {
        Answer answer(ApiCall call, Request.Attempt attempt);
    }

    /**
     * Holds a resource.
     *
     * @param object the object that the path names, or null
     */
    record Route(String operation, String object, Handler handler) {

        Set<String> objects() {
            return object == null ? Set.of() : Set.of(object);
        }
    }

    /** Finds the route of a method and the path behind the version; one that answers 404 or 405 otherwise. */
    Route route(String method, List<String> rest) {
        return found(method, rest)
                .orElseGet(() -> isKnown(rest)
                        ? new Route(
                                "unknown",
                                null,
                                (call, attempt) -> Answers.error(SalesforceError.of(
                                        "METHOD_NOT_ALLOWED", "HTTP Method '" + method + "' not allowed.")))
                        : new Route("unknown", null, (call, attempt) -> Answers.error(SalesforceError.notFound())));
    }

    /** Routes and answers a call; errors have Salesforce's form. */
    Answer answer(ApiCall call, Request.Attempt attempt) {
        try {
            return route(call.method(), call.rest()).handler().answer(call, attempt);
        } catch (RefusedException e) {
            return Answers.error(e.error());
        }
    }

    private Optional<Route> found(String method, List<String> rest) {
        if (rest.isEmpty()) {
            return one("GET", method, "resources", null, Describes::resources);
        }
        return switch (rest.get(0)) {
            case "sobjects" -> sobjects(method, rest);
            case "query" ->
                rest.size() > 1
                        ? one("GET", method, "queryMore", null, queries::more)
                        : one("GET", method, "query", null, queries::query);
            case "queryAll" ->
                rest.size() > 1
                        ? one("GET", method, "queryMore", null, queries::more)
                        : one("GET", method, "queryAll", null, queries::queryAll);
            case "limits" ->
                rest.size() == 2 && "recordCount".equals(rest.get(1))
                        ? one("GET", method, "recordCount", null, Describes::recordCount)
                        : rest.size() == 1 ? one("GET", method, "limits", null, Describes::limits) : Optional.empty();
            case "recent" -> one("GET", method, "recent", null, Describes::recent);
            case "composite" -> composite(method, rest);
            case "jobs" -> bulk.found(method, rest);
            case "tooling" -> tooling(method, rest);
            default -> Optional.empty();
        };
    }

    private static Optional<Route> sobjects(String method, List<String> rest) {
        String object = rest.size() > 1 ? rest.get(1) : null;
        return switch (rest.size()) {
            case 1 -> one("GET", method, "globalDescribe", null, Describes::global);
            case 2 ->
                "POST".equals(method)
                        ? one(method, method, "create", object, Rows::create)
                        : one("GET", method, "objectInfo", object, Describes::basic);
            case 3 ->
                switch (rest.get(2)) {
                    case "describe" -> one("GET", method, "describe", object, Describes::describe);
                    case "updated" -> one("GET", method, "updated", object, Replication::updated);
                    case "deleted" -> one("GET", method, "deleted", object, Replication::deleted);
                    default ->
                        switch (method) {
                            case "GET" -> one(method, method, "read", object, Rows::read);
                            case "PATCH" -> one(method, method, "update", object, Rows::update);
                            case "DELETE" -> one(method, method, "delete", object, Rows::delete);
                            default -> Optional.empty();
                        };
                };
            case 4 ->
                switch (method) {
                    case "GET" -> one(method, method, "readByKey", object, Rows::readByKey);
                    case "PATCH" -> one(method, method, "upsert", object, Rows::upsert);
                    case "DELETE" -> one(method, method, "deleteByKey", object, Rows::deleteByKey);
                    default -> Optional.empty();
                };
            default -> Optional.empty();
        };
    }

    private Optional<Route> tooling(String method, List<String> rest) {
        if (rest.size() == 2 && "query".equals(rest.get(1))) {
            return one("GET", method, "toolingQuery", null, queries::query);
        }
        if (rest.size() < 3 || rest.size() > 4 || !"sobjects".equals(rest.get(1)) || !Tooling.serves(rest.get(2))) {
            return Optional.empty();
        }
        String object = rest.get(2);
        if (rest.size() == 3) {
            return one("POST", method, "toolingCreate", object, Tooling::create);
        }
        return switch (method) {
            case "GET" -> one(method, method, "toolingRead", object, Tooling::read);
            case "PATCH" -> one(method, method, "toolingUpdate", object, Tooling::update);
            case "DELETE" -> one(method, method, "toolingDelete", object, Tooling::delete);
            default -> Optional.empty();
        };
    }

    private Optional<Route> composite(String method, List<String> rest) {
        if (rest.size() == 1) {
            return one("POST", method, "composite", null, composite::run);
        }
        if (rest.size() == 2 && "graph".equals(rest.get(1))) {
            return one("POST", method, "compositeGraph", null, graphs::run);
        }
        if (rest.size() == 2 && "batch".equals(rest.get(1))) {
            return one("POST", method, "compositeBatch", null, batch::run);
        }
        if (rest.size() == 3 && "tree".equals(rest.get(1))) {
            return one("POST", method, "compositeTree", rest.get(2), Trees::create);
        }
        if (!"sobjects".equals(rest.get(1))) {
            return Optional.empty();
        }
        String object = rest.size() > 2 ? rest.get(2) : null;
        return switch (rest.size()) {
            case 2 ->
                switch (method) {
                    case "POST" -> one(method, method, "collectionsCreate", null, Collections::create);
                    case "PATCH" -> one(method, method, "collectionsUpdate", null, Collections::update);
                    case "DELETE" -> one(method, method, "collectionsDelete", null, Collections::delete);
                    default -> Optional.empty();
                };
            case 3 ->
                "GET".equals(method) || "POST".equals(method)
                        ? one(method, method, "collectionsRead", object, Collections::read)
                        : Optional.empty();
            case 4 -> one("PATCH", method, "collectionsUpsert", object, Collections::upsert);
            default -> Optional.empty();
        };
    }

    private static Optional<Route> one(String wanted, String method, String operation, String object, Handler handler) {
        boolean fits = wanted.equals(method) || "GET".equals(wanted) && "HEAD".equals(method);
        return fits ? Optional.of(new Route(operation, object, handler)) : Optional.empty();
    }

    private boolean isKnown(List<String> rest) {
        return List.of("GET", "POST", "PATCH", "PUT", "DELETE").stream()
                .anyMatch(method -> found(method, rest).isPresent());
    }
}

package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;

/** What there is under {@code /crm} and {@code /account-info}. */
final class Resources {

    /** The portal, of which the sandbox has one. */
    static final int PORTAL = 1_000_001;

    private final PropertyRoutes properties;

    Resources(Accounts accounts) {
        this.properties = new PropertyRoutes(accounts);
    }

    /** Answers a call. */
    interface Work {
        Answer run(ApiCall call, Request.Attempt attempt);
    }

    /** @param operation what the referee calls it */
    record Route(String operation, Work work) { }

    private static final Route UNKNOWN = new Route("unknown", (call, attempt) -> {
        throw HubspotError.of(404, null, "Nothing is served at " + call.call().path() + ".").thrown();
    });

    Route route(ApiCall call) {
        return switch (call.part(0)) {
            case "objects" -> objects(call);
            case "properties" -> properties(call);
            case "details" -> new Route("accountInfo", (c, attempt) -> accountInfo());
            default -> UNKNOWN;
        };
    }

    Answer answer(ApiCall call, Route route, Request.Attempt attempt) {
        try {
            return route.work().run(call, attempt);
        } catch (HubspotError.Thrown e) {
            return Answers.error(e.error());
        }
    }

    private static Route objects(ApiCall call) {
        String method = call.call().method();
        return switch (call.path().size()) {
            case 2 -> switch (method) {
                case "GET" -> new Route("list", Rows::list);
                case "POST" -> new Route("create", Rows::create);
                default -> UNKNOWN;
            };
            case 3 -> switch (method) {
                case "GET" -> new Route("read", Rows::read);
                case "PATCH" -> new Route("update", Rows::update);
                case "DELETE" -> new Route("archive", Rows::archive);
                case "POST" -> switch (call.part(2)) {
                    case "merge" -> new Route("merge", Rows::merge);
                    case "search" -> new Route(Operations.SEARCH, Search::run);
                    default -> UNKNOWN;
                };
                default -> UNKNOWN;
            };
            case 4 -> "POST".equals(method) && "batch".equals(call.part(2)) ? batch(call.part(3)) : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private static Route batch(String action) {
        return switch (action) {
            case "create" -> new Route("batchCreate", Batches::create);
            case "read" -> new Route("batchRead", Batches::read);
            case "update" -> new Route("batchUpdate", Batches::update);
            case "upsert" -> new Route("batchUpsert", Batches::upsert);
            case "archive" -> new Route("batchArchive", Batches::archive);
            default -> UNKNOWN;
        };
    }

    private Route properties(ApiCall call) {
        String asked = call.call().method() + call.path().size();
        return switch (asked) {
            case "GET2" -> new Route("properties", (c, attempt) -> properties.list(c));
            case "GET3" -> new Route("property", (c, attempt) -> properties.read(c));
            case "POST2" -> new Route("createProperty", (c, attempt) -> properties.create(c));
            default -> UNKNOWN;
        };
    }

    private static Answer accountInfo() {
        return Answers.json(200, Answers.JSON.createObjectNode().put("portalId", PORTAL)
                .put("accountType", "DEVELOPER_TEST").put("timeZone", "UTC").put("companyCurrency", "EUR")
                .put("utcOffset", "+00:00").put("utcOffsetMilliseconds", 0).put("uiDomain", "app.example.org")
                .put("dataHostingLocation", "eu1"));
    }
}

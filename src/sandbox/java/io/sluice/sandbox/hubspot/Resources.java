// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.server.Request;
import java.util.List;

/** Routes the calls below {@code /crm}, {@code /account-info} and {@code /webhooks}. */
final class Resources {

    /** Id of the sandbox's only portal. */
    static final int PORTAL = 1_000_001;

    private static final long DAY_MILLIS = 86_400_000;

    private static final String NOT_FOUND = "<html>\n<head>\n<title>Error 404 Not Found</title>\n</head>\n"
            + "<body><h2>HTTP ERROR 404 Not Found</h2></body>\n</html>\n";

    private final PropertyRoutes properties;
    private final PipelineRoutes pipelines;
    private final Schemas schemas;
    private final WebhookRoutes webhooks;

    Resources(Accounts accounts, HubspotWebhooks webhooks) {
        this.properties = new PropertyRoutes(accounts);
        this.pipelines = new PipelineRoutes(accounts);
        this.schemas = new Schemas(accounts, properties);
        this.webhooks = new WebhookRoutes(webhooks);
    }

    /** Answers a call. */
    interface Work {
        Answer run(ApiCall call, Request.Attempt attempt);
    }

    /** @param operation what the referee calls it */
    record Route(String operation, Work work) {}

    /** Route of an unknown path, which HubSpot answers with a page, as recorded. */
    private static final Route UNKNOWN =
            new Route("unknown", (call, attempt) -> Answer.text(404, "text/html;charset=utf-8", NOT_FOUND));

    static HubspotError.Thrown nothing(ApiCall call) {
        return HubspotError.notFound("Nothing is served at " + call.call().path() + ".")
                .thrown();
    }

    private static final List<String> METHODS = List.of("GET", "POST", "PUT", "PATCH", "DELETE");
    private static final Route OTHER_METHOD = new Route(
            "unknown",
            (call, attempt) -> Answer.text(
                    405, "text/html;charset=utf-8", NOT_FOUND.replace("404 Not Found", "405 Method Not Allowed")));

    /** Finds the route of a call, or the answer for a wrong method at its path. */
    Route route(ApiCall call) {
        Route route = served(call);
        return route == UNKNOWN && METHODS.stream().anyMatch(method -> served(call.with(method)) != UNKNOWN)
                ? OTHER_METHOD
                : route;
    }

    private Route served(ApiCall call) {
        return switch (call.part(0)) {
            case "objects" -> objects(call);
            case "associations" -> associations(call);
            case "properties" -> properties(call);
            case "schemas" -> schemas(call);
            case "property-validations" ->
                new Route("propertyValidations", (c, attempt) -> PropertyValidations.answer(c));
            case "pipelines" -> new Route("pipelines", (c, attempt) -> pipelines.answer(c));
            case "owners" -> owners(call);
            case "webhooks" -> webhooks(call);
            case "details" -> new Route("accountInfo", (c, attempt) -> accountInfo());
            case "api-usage" ->
                "daily".equals(call.part(1))
                                && call.path().size() <= 3
                                && call.part(2).matches("(private-apps)?")
                        ? new Route("apiUsage", (c, attempt) -> apiUsage(c))
                        : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    static Answer answer(ApiCall call, Route route, Request.Attempt attempt) {
        try {
            return route.work().run(call, attempt);
        } catch (HubspotError.Thrown e) {
            return Answers.error(e.error());
        }
    }

    private static Route objects(ApiCall call) {
        String method = call.call().method();
        return switch (call.path().size()) {
            case 2 ->
                switch (method) {
                    case "GET" -> new Route("list", Rows::list);
                    case "POST" -> new Route("create", Rows::create);
                    default -> UNKNOWN;
                };
            case 3 ->
                switch (method) {
                    case "GET" -> new Route("read", Rows::read);
                    case "PATCH" -> new Route("update", Rows::update);
                    case "DELETE" -> new Route("archive", Rows::archive);
                    case "POST" ->
                        switch (call.part(2)) {
                            case "merge" -> new Route("merge", Rows::merge);
                            case "gdpr-delete" -> new Route("gdprDelete", Rows::forget);
                            case "search" -> new Route(Operations.SEARCH, Search::run);
                            default -> UNKNOWN;
                        };
                    default -> UNKNOWN;
                };
            case 4 -> "POST".equals(method) && "batch".equals(call.part(2)) ? batch(call.part(3)) : UNKNOWN;
            case 5, 6, 7 -> "associations".equals(call.part(3)) ? associated(call) : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private static Route associated(ApiCall call) {
        String asked = call.call().method() + call.path().size();
        return switch (asked) {
            case "GET5" -> new Route("associated", AssociationRows::list);
            case "PUT6" -> new Route("associate", AssociationRows::put);
            case "DELETE6" -> new Route("disassociate", AssociationRows::delete);
            case "PUT7" ->
                "default".equals(call.part(4)) ? new Route("associate", AssociationRows::putDefault) : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    /**
     * Finds the route of an association call. Their operations begin alike: none counts against the ten-second limit.
     */
    private static Route associations(ApiCall call) {
        List<String> rest =
                call.path().size() > 3 ? call.path().subList(3, call.path().size()) : List.of();
        String asked = call.call().method() + " " + String.join("/", rest);
        if ("definitions/configurations".equals(call.part(1) + "/" + call.part(2))
                && call.path().size() > 3) {
            return new Route("associationsLabels", (c, attempt) -> AssociationLimits.answer(c));
        }
        if (call.isOlder()) {
            return switch (asked) {
                case "POST batch/create" -> new Route("associationsCreate", OlderAssociations::create);
                case "POST batch/read" -> new Route("associationsRead", OlderAssociations::read);
                case "POST batch/archive" -> new Route("associationsArchive", OlderAssociations::archive);
                case "GET types" -> new Route("associationsLabels", (c, attempt) -> OlderAssociations.types(c));
                default -> UNKNOWN;
            };
        }
        if (asked.matches("DELETE labels/\\d{1,9}")) {
            return new Route("associationsLabels", Associations::deleteLabel);
        }
        return switch (asked) {
            case "PUT labels" -> new Route("associationsLabels", Associations::renameLabel);
            case "POST batch/create" -> new Route("associationsCreate", Associations::create);
            case "POST batch/associate/default" -> new Route("associationsCreate", Associations::createDefault);
            case "POST batch/read" -> new Route("associationsRead", Associations::read);
            case "POST batch/archive" -> new Route("associationsArchive", Associations::archive);
            case "POST batch/labels/archive" -> new Route("associationsArchive", Associations::archiveLabels);
            case "GET labels" -> new Route("associationsLabels", (c, attempt) -> Associations.labels(c));
            case "POST labels" -> new Route("associationsLabels", Associations::createLabel);
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
        if ("groups".equals(call.part(2))) {
            return new Route("propertyGroups", (c, attempt) -> Groups.answer(c));
        }
        return switch (asked) {
            case "GET2" -> new Route("properties", (c, attempt) -> properties.list(c));
            case "GET3" -> new Route("property", (c, attempt) -> properties.read(c));
            case "POST2" -> new Route("createProperty", (c, attempt) -> properties.create(c));
            case "PATCH3" -> new Route("updateProperty", (c, attempt) -> properties.update(c));
            case "DELETE3" -> new Route("archiveProperty", (c, attempt) -> properties.archive(c));
            case "POST4" ->
                "batch".equals(call.part(2))
                        ? new Route("propertiesBatch", (c, attempt) -> properties.batch(c))
                        : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private Route schemas(ApiCall call) {
        String asked = call.call().method() + call.path().size();
        return switch (asked) {
            case "GET1" -> new Route("schemas", (c, attempt) -> schemas.list(c));
            case "POST1" -> new Route("createSchema", (c, attempt) -> schemas.create(c));
            case "GET2" -> new Route("schema", (c, attempt) -> schemas.read(c));
            case "PATCH2" -> new Route("updateSchema", (c, attempt) -> schemas.update(c));
            case "DELETE2" -> new Route("archiveSchema", (c, attempt) -> schemas.archive(c));
            case "POST3" ->
                switch (call.part(1) + "/" + call.part(2)) {
                    case "batch/read" -> new Route("schemas", (c, attempt) -> schemas.batch(c));
                    default ->
                        "associations".equals(call.part(2))
                                ? new Route("associateSchema", (c, attempt) -> schemas.associate(c))
                                : UNKNOWN;
                };
            default -> UNKNOWN;
        };
    }

    private static Route owners(ApiCall call) {
        return switch (call.call().method() + call.path().size()) {
            case "GET1" -> new Route("owners", (c, attempt) -> Owners.list(c));
            case "GET2" -> new Route("owner", (c, attempt) -> Owners.read(c));
            default -> UNKNOWN;
        };
    }

    private Route webhooks(ApiCall call) {
        return switch (call.part(2)) {
            case "settings" -> new Route("webhookSettings", (c, attempt) -> webhooks.settings(c));
            case "subscriptions" -> new Route("webhookSubscriptions", (c, attempt) -> webhooks.subscriptions(c));
            default -> UNKNOWN;
        };
    }

    private static Answer accountInfo() {
        return Answers.json(
                200,
                Answers.JSON
                        .createObjectNode()
                        .put("portalId", PORTAL)
                        .put("accountType", "DEVELOPER_TEST")
                        .put("timeZone", "UTC")
                        .put("companyCurrency", "EUR")
                        .put("utcOffset", "+00:00")
                        .put("utcOffsetMilliseconds", 0)
                        .put("uiDomain", "app.example.org")
                        .put("dataHostingLocation", "eu1")
                        .set("additionalCurrencies", Answers.JSON.createArrayNode()));
    }

    /** Answers the calls that private apps have used today ("Retrieve private app daily API usage"). */
    private static Answer apiUsage(ApiCall call) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        long now = call.store().now();
        call.account().limiter().usage(Limiter.DAILY).ifPresent(daily -> results.addObject()
                .put("name", "private-apps-api-calls-daily")
                .put("usageLimit", daily.max())
                .put("currentUsage", daily.used())
                .put("collectedAt", Answers.moment(now))
                .put("fetchStatus", "SUCCESS")
                .put("resetsAt", Answers.moment((now / DAY_MILLIS + 1) * DAY_MILLIS)));
        return Answers.json(200, body);
    }
}

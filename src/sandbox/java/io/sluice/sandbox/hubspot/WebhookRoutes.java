// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.webhook.App;
import io.sluice.sandbox.hubspot.webhook.Settings;
import io.sluice.sandbox.hubspot.webhook.Subscription;
import io.sluice.sandbox.server.Answer;

/**
 * Serves {@code /webhooks/v3/APP/settings} and {@code .../subscriptions} (<a
 * href="https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide">Webhooks API</a>).
 */
final class WebhookRoutes {

    private final HubspotWebhooks webhooks;

    WebhookRoutes(HubspotWebhooks webhooks) {
        this.webhooks = webhooks;
    }

    Answer settings(ApiCall call) {
        App app = app(call);
        return switch (call.call().method()) {
            case "GET" -> Answers.json(200, show(configured(app)));
            case "PUT" -> {
                JsonNode body = call.body();
                ObjectNode named = Answers.JSON.createObjectNode();
                named.put("targetUrl", body.path("targetUrl").asText(null));
                JsonNode most = body.path("throttling").path("maxConcurrentRequests");
                if (most.isInt()) {
                    named.set("maxConcurrentRequests", most);
                }
                yield Answers.json(200, show(valid(() -> app.change(named))));
            }
            case "DELETE" -> {
                app.mute();
                yield Answer.empty(204);
            }
            default -> throw nothing(call);
        };
    }

    Answer subscriptions(ApiCall call) {
        App app = app(call);
        return switch (call.call().method() + call.path().size()) {
            case "GET3" -> Answers.json(200, list(app));
            case "POST3" -> {
                JsonNode body = call.body();
                yield Answers.json(
                        201,
                        HubspotWebhooks.show(valid(() -> app.subscribe(
                                body.path("eventType").asText(null),
                                body.path("objectTypeId").asText(null),
                                body.path("propertyName").asText(null),
                                body.path("active").asBoolean(),
                                call.store().now()))));
            }
            case "GET4" -> Answers.json(200, HubspotWebhooks.show(subscription(call, app, call.part(3))));
            case "PATCH4" -> {
                Subscription there = subscription(call, app, call.part(3));
                app.activate(there.id(), call.body().path("active").asBoolean());
                yield Answers.json(200, HubspotWebhooks.show(subscription(call, app, call.part(3))));
            }
            case "DELETE4" -> {
                app.unsubscribe(subscription(call, app, call.part(3)).id());
                yield Answer.empty(204);
            }
            case "POST5" -> batch(call, app);
            default -> throw nothing(call);
        };
    }

    /** Switches many subscriptions on or off, at {@code /subscriptions/batch/update}. */
    private static Answer batch(ApiCall call, App app) {
        if (!"batch".equals(call.part(3)) || !"update".equals(call.part(4))) {
            throw nothing(call);
        }
        long started = call.store().now();
        ObjectNode body = Answers.JSON.createObjectNode().put("status", "COMPLETE");
        ArrayNode results = body.putArray("results");
        for (JsonNode input : call.body().path("inputs")) {
            Subscription there = subscription(call, app, input.path("id").asText());
            app.activate(there.id(), input.path("active").asBoolean());
            results.add(HubspotWebhooks.show(
                    subscription(call, app, input.path("id").asText())));
        }
        return Answers.json(
                200,
                body.put("startedAt", Answers.moment(started))
                        .put("completedAt", Answers.moment(call.store().now())));
    }

    private App app(ApiCall call) {
        if (!Origin.APP_ID.equals(call.part(1))) {
            throw HubspotError.notFound("There is no app " + call.part(1) + ".").thrown();
        }
        return webhooks.app(call.account());
    }

    private static Settings configured(App app) {
        if (app.settings().targetUrl() == null) {
            throw HubspotError.notFound("The app has no webhook settings.").thrown();
        }
        return app.settings();
    }

    private static Subscription subscription(ApiCall call, App app, String id) {
        return app.subscriptions().stream()
                .filter(s -> String.valueOf(s.id()).equals(id))
                .findFirst()
                .orElseThrow(() -> HubspotError.notFound(
                                "There is no subscription " + id + " of the app " + call.part(1) + ".")
                        .thrown());
    }

    private static ObjectNode list(App app) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        app.subscriptions().forEach(subscription -> results.add(HubspotWebhooks.show(subscription)));
        return body;
    }

    private static ObjectNode show(Settings settings) {
        ObjectNode shown = Answers.JSON.createObjectNode().put("targetUrl", settings.targetUrl());
        shown.putObject("throttling").put("maxConcurrentRequests", settings.maxConcurrentRequests());
        return shown;
    }

    private interface Step<T> {
        T take();
    }

    private static <T> T valid(Step<T> step) {
        try {
            return step.take();
        } catch (IllegalArgumentException e) {
            throw HubspotError.invalid(e.getMessage()).thrown();
        }
    }

    private static HubspotError.Thrown nothing(ApiCall call) {
        return HubspotError.of(404, null, "Nothing is served at " + call.call().path() + ".")
                .thrown();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.webhook.App;
import io.sluice.sandbox.hubspot.webhook.Courier;
import io.sluice.sandbox.hubspot.webhook.Settings;
import io.sluice.sandbox.hubspot.webhook.Subscription;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.AccountControl;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps the webhooks of every account and serves {@code /sandbox/webhooks/{account}}, which sets them up in one step:
 * the settings, and under {@code subscribe} the objects whose changes are sent, or {@code {"contacts":["email"]}}.
 */
public final class HubspotWebhooks implements AccountControl {

    private final Vertx vertx;
    private final Map<Account, App> apps = new ConcurrentHashMap<>();

    public HubspotWebhooks(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Sends this account's changes as webhooks from now on, once somebody subscribes. */
    void attach(Account account) {
        App app = new App(account);
        apps.put(account, app);
        Courier courier = new Courier(vertx, account, app, Resources.PORTAL, Long.parseLong(Origin.APP_ID));
        account.add(courier);
        account.onCommit(commit -> {
            if (courier.hasSubscribers()) {
                courier.send(Changes.of(commit));
                courier.send(AssociationChanges.of(account.store(), commit));
            }
        });
    }

    /** Sends all changes of this account's contacts, companies and deals to an address from now on. */
    public void sendTo(Account account, String targetUrl) {
        ObjectNode body = Answers.JSON.createObjectNode().put("targetUrl", targetUrl);
        body.putArray("subscribe")
                .add(StandardObjects.CONTACTS)
                .add("companies")
                .add("deals");
        answer(account, "PUT", body);
    }

    App app(Account account) {
        return apps.get(account);
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        App app = apps.get(account);
        if (app == null) {
            throw new IllegalArgumentException("The CRM of " + account.name() + " has no webhooks.");
        }
        if ("PUT".equals(method)) {
            List<Wish> wishes = wishes(account, body.path("subscribe"));
            app.change(body);
            wishes.forEach(wish -> app.subscribe(
                    wish.eventType,
                    wish.typeId,
                    wish.property,
                    true,
                    account.store().now()));
        } else if ("DELETE".equals(method)) {
            app.unsubscribeAll();
            app.mute();
        }
        return show(app);
    }

    private record Wish(String eventType, String typeId, String property) {}

    private static List<Wish> wishes(Account account, JsonNode subscribe) {
        List<Wish> wishes = new ArrayList<>();
        if (subscribe.isObject()) {
            subscribe.properties().forEach(entry -> {
                List<String> properties = new ArrayList<>();
                entry.getValue().forEach(name -> properties.add(name.asText()));
                wishes.addAll(wishes(table(account, entry.getKey()), properties));
            });
        } else {
            subscribe.forEach(name -> {
                Table table = table(account, name.asText());
                wishes.addAll(wishes(
                        table,
                        table.type().fields().stream()
                                .filter(Field::updateable)
                                .map(Field::name)
                                .toList()));
            });
        }
        return wishes;
    }

    private static List<Wish> wishes(Table table, List<String> properties) {
        String subject =
                switch (table.type().name()) {
                    case StandardObjects.CONTACTS -> "contact";
                    case "companies" -> "company";
                    case "deals" -> "deal";
                    case "tickets" -> "ticket";
                    case "products" -> "product";
                    case "line_items" -> "line_item";
                    default -> "object";
                };
        String typeId = "object".equals(subject) ? table.type().keyPrefix() : null;
        List<Wish> wishes = new ArrayList<>();
        for (String kind :
                List.of("creation", "deletion", "restore", "merge", "privacyDeletion", "associationChange")) {
            wishes.add(new Wish(subject + "." + kind, typeId, null));
        }
        properties.forEach(name -> wishes.add(new Wish(subject + ".propertyChange", typeId, name)));
        return wishes;
    }

    private static Table table(Account account, String object) {
        return account.store()
                .table(object)
                .orElseThrow(() -> new IllegalArgumentException("There is no object '" + object + "'."));
    }

    /** Shows the settings without the secret. */
    private static ObjectNode show(App app) {
        Settings settings = app.settings();
        ObjectNode shown = Answers.JSON
                .createObjectNode()
                .put("targetUrl", settings.targetUrl())
                .put("maxConcurrentRequests", settings.maxConcurrentRequests())
                .put("timeScale", settings.timeScale())
                .put("batchMs", settings.batchMs())
                .put("signatureVersion", settings.signatureVersion());
        ArrayNode subscriptions = shown.putArray("subscriptions");
        app.subscriptions().forEach(subscription -> subscriptions.add(show(subscription)));
        return shown;
    }

    static ObjectNode show(Subscription subscription) {
        ObjectNode shown = Answers.JSON
                .createObjectNode()
                .put("id", String.valueOf(subscription.id()))
                .put("eventType", subscription.eventType())
                .put("active", subscription.active())
                .put("createdAt", Answers.moment(subscription.createdAt()));
        if (subscription.propertyName() != null) {
            shown.put("propertyName", subscription.propertyName());
        }
        return subscription.objectTypeId() == null ? shown : shown.put("objectTypeId", subscription.objectTypeId());
    }
}

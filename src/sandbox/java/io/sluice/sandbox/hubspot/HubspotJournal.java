// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.journal.Feed;
import io.sluice.sandbox.hubspot.journal.Subscription;
import io.sluice.sandbox.hubspot.webhook.Change;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.AccountControl;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps the webhooks journal of every account and serves {@code /sandbox/webhooks-journal/{account}}, which sets up a
 * journal in one step: its settings, and under {@code subscribe} the objects whose changes it holds.
 */
public final class HubspotJournal implements AccountControl {

    private final Map<Account, Desk> desks = new ConcurrentHashMap<>();

    /** Holds an account's journal and its requested snapshots. */
    record Desk(Feed feed, Snapshots snapshots) {}

    /** Writes this account's changes to its journal from now on, once somebody subscribes. */
    void attach(Account account) {
        Feed feed = new Feed(account, Resources.PORTAL);
        desks.put(account, new Desk(feed, new Snapshots(account, feed)));
        account.add(feed);
        account.onCommit(commit -> {
            if (feed.isRead()) {
                List<Change> changes = new ArrayList<>(Changes.of(commit));
                changes.addAll(AssociationChanges.of(account.store(), commit));
                feed.publish(changes);
            }
        });
    }

    Desk desk(Account account) {
        return desks.get(account);
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        if (!desks.containsKey(account)) {
            throw new IllegalArgumentException("The CRM of " + account.name() + " has no journal.");
        }
        Feed feed = desks.get(account).feed();
        if ("PUT".equals(method)) {
            List<String> types = new ArrayList<>();
            body.path("subscribe").forEach(name -> types.add(typeId(account, name.asText())));
            feed.change(body);
            Subscription.ACTIONS.forEach((kind, actions) -> {
                ObjectNode everything = Answers.JSON.createObjectNode().put("subscriptionType", kind);
                actions.forEach(everything.putArray("actions")::add);
                types.forEach(type -> feed.subscribe(everything, type, List.of()));
            });
        } else if ("DELETE".equals(method)) {
            feed.unsubscribeAll();
        }
        ObjectNode shown = Answers.JSON.valueToTree(feed.settings());
        feed.latest(1).forEach(last -> shown.put("lastOffset", last.offset().toString()));
        feed.subscriptions().forEach(one -> shown.withArray("subscriptions").add(show(one)));
        return shown;
    }

    private static String typeId(Account account, String object) {
        return account.store()
                .table(object)
                .map(Table::type)
                .filter(StandardObjects::isObject)
                .orElseThrow(() -> new IllegalArgumentException("There is no object '" + object + "'."))
                .keyPrefix();
    }

    static ObjectNode show(Subscription subscription) {
        ObjectNode shown = Answers.JSON
                .createObjectNode()
                .put("id", subscription.id())
                .put("subscriptionType", subscription.type())
                .put("portalId", Resources.PORTAL)
                .put("objectTypeId", subscription.objectTypeId());
        subscription.actions().stream().sorted().forEach(shown.putArray("actions")::add);
        subscription.properties().stream().sorted().forEach(shown.putArray("properties")::add);
        subscription.objectIds().stream().sorted().forEach(id -> shown.withArray("objectIds")
                .add(Long.parseLong(id)));
        subscription.associatedTypeIds().stream().sorted().forEach(shown.withArray("associatedObjectTypeIds")::add);
        return shown.put("appId", Long.parseLong(Origin.APP_ID))
                .put("createdAt", Answers.moment(subscription.createdAt()))
                .put("updatedAt", Answers.moment(subscription.createdAt()));
    }
}

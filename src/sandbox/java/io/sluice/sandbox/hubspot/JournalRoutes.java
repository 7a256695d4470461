// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.journal.Entry;
import io.sluice.sandbox.hubspot.journal.Feed;
import io.sluice.sandbox.hubspot.journal.Subscription;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Table;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Serves {@code /webhooks-journal}: HubSpot's journal of changes, its subscriptions and snapshots, and the files behind
 * its signed addresses. None of these calls counts against the daily or the ten-second limit.
 */
final class JournalRoutes {

    /** Path of the journal. */
    static final String PATH = "/webhooks-journal/";

    private static final String FILES = PATH + "files/";
    private static final int LARGEST_BATCH = 100;
    private static final byte[] SECRET = "the sandbox guards no files".getBytes(StandardCharsets.UTF_8);

    private final Accounts accounts;
    private final HubspotJournal journal;

    JournalRoutes(Accounts accounts, HubspotJournal journal) {
        this.accounts = accounts;
        this.journal = journal;
    }

    /** @param account whose app's own token was sent, or null where it was none */
    Request open(Call call, Account account) {
        ApiCall api = ApiCall.of(account, call);
        Resources.Route route = route(api);
        return Request.exempt(account, route.operation(), attempt -> Resources.answer(api, route, attempt));
    }

    private Resources.Route route(ApiCall call) {
        String method = call.call().method();
        return switch (call.part(0)) {
            case "journal", "journal-local" -> new Resources.Route(Operations.JOURNAL, (c, attempt) -> read(c));
            case "subscriptions" ->
                new Resources.Route(Operations.JOURNAL_SUBSCRIPTIONS, (c, attempt) -> subscriptions(c));
            case "snapshots" ->
                new Resources.Route(
                        Operations.JOURNAL_SNAPSHOTS, (c, attempt) -> "POST".equals(method) ? snapshot(c) : status(c));
            default ->
                new Resources.Route(Operations.JOURNAL, (c, attempt) -> {
                    throw nothing(c);
                });
        };
    }

    private static HubspotError.Thrown nothing(ApiCall call) {
        return HubspotError.of(404, null, "Nothing is served at " + call.call().path() + ".")
                .thrown();
    }

    // --- the journal

    private Answer read(ApiCall call) {
        HubspotJournal.Desk desk = journal.desk(call.account());
        String portal = call.parameter("installPortalId");
        if ("journal-local".equals(call.part(0))
                && portal != null
                && !portal.equals(String.valueOf(Resources.PORTAL))) {
            return Answer.empty(204);
        }
        desk.snapshots().settle();
        Feed feed = desk.feed();
        List<String> path = call.path().subList(1, call.path().size());
        String asked = call.call().method() + " " + String.join("/", path);
        if (asked.matches("GET (earliest|latest)")) {
            return one(call, "earliest".equals(path.get(0)) ? feed.earliest(1) : feed.latest(1));
        }
        if (asked.matches("GET offset/[^/]+/next")) {
            return one(call, after(feed, path.get(1), 1));
        }
        if (asked.matches("GET batch/(earliest|latest)/\\d+")) {
            int most = most(path.get(2));
            return many(call, "earliest".equals(path.get(1)) ? feed.earliest(most) : feed.latest(most));
        }
        if (asked.matches("GET batch/[^/]+/next/\\d+")) {
            return many(call, after(feed, path.get(1), most(path.get(3))));
        }
        if ("POST batch/read".equals(asked)) {
            List<Entry> entries = new ArrayList<>();
            call.body().path("inputs").forEach(input -> feed.find(
                            input.path("id").asText(input.asText()))
                    .ifPresent(entries::add));
            return many(call, entries);
        }
        throw nothing(call);
    }

    private static int most(String number) {
        int most = number.length() > 3 ? LARGEST_BATCH + 1 : Integer.parseInt(number);
        if (most < 1 || most > LARGEST_BATCH) {
            throw HubspotError.invalid("The count must be from 1 to " + LARGEST_BATCH + ", not " + number + ".")
                    .thrown();
        }
        return most;
    }

    private static List<Entry> after(Feed feed, String offset, int most) {
        return feed.after(offset, most).orElseThrow(() -> HubspotError.notFound(
                        "There is no offset " + offset + " in the journal, or it is older than its history.")
                .thrown());
    }

    private Answer one(ApiCall call, List<Entry> entries) {
        return entries.isEmpty() ? Answer.empty(204) : Answers.json(200, address(call, entries.get(0)));
    }

    private Answer many(ApiCall call, List<Entry> entries) {
        if (entries.isEmpty()) {
            return Answer.empty(204);
        }
        String now = Answers.moment(call.store().now());
        ObjectNode body = Answers.JSON
                .createObjectNode()
                .put("status", "COMPLETE")
                .put("startedAt", now)
                .put("completedAt", now);
        ArrayNode results = body.putArray("results");
        entries.forEach(entry -> results.add(address(call, entry)));
        return Answers.json(200, body);
    }

    private ObjectNode address(ApiCall call, Entry entry) {
        long ends = call.store().now() / 1000
                + journal.desk(call.account()).feed().settings().urlSeconds();
        String path = FILES + call.account().name() + "/" + entry.offset();
        return Answers.JSON
                .createObjectNode()
                .put(
                        "url",
                        call.call().origin() + path + "?Expires=" + ends + "&Signature="
                                + signature(path, String.valueOf(ends)))
                .put("expiresAt", Answers.moment(ends * 1000))
                .put("currentOffset", entry.offset().toString());
    }

    // --- the files

    static boolean isFile(Call call) {
        return call.path().startsWith(FILES);
    }

    /** Serves a file without a token: the signed address grants the right to read it. */
    Request file(Call call) {
        List<String> path = call.segments();
        Account account = path.size() == 4
                ? accounts.find(path.get(2))
                        .filter(found -> journal.desk(found) != null)
                        .orElse(null)
                : null;
        if (account == null || !"GET".equals(call.method())) {
            return new Request(
                    null, Request.Kind.LOGIN, "unknown", Set.of(), Set::of, attempt -> denied("No such file"));
        }
        return Request.exempt(account, Operations.JOURNAL_FILE, attempt -> {
            String ends = call.query().getOrDefault("Expires", "");
            if (!MessageDigest.isEqual(
                    signature(call.path(), ends).getBytes(StandardCharsets.UTF_8),
                    call.query().getOrDefault("Signature", "").getBytes(StandardCharsets.UTF_8))) {
                return denied("The signature does not match");
            }
            if (account.store().now() >= Long.parseLong(ends) * 1000) {
                return denied("Request has expired");
            }
            Optional<Entry> entry = journal.desk(account).feed().find(path.get(3));
            return entry.map(found -> Answer.json(200, found.file())).orElseGet(() -> denied("No such file"));
        });
    }

    /** Answers an error as a file store words it. */
    private static Answer denied(String message) {
        return Answer.text(
                403,
                "application/xml",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied" + "</Code><Message>" + message
                        + "</Message></Error>");
    }

    private static String signature(String path, String ends) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal((path + "\n" + ends).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has HmacSHA256.", e);
        }
    }

    // --- subscriptions

    private Answer subscriptions(ApiCall call) {
        Feed feed = journal.desk(call.account()).feed();
        return switch (call.call().method() + call.path().size()) {
            case "GET1" -> {
                ObjectNode body = Answers.JSON.createObjectNode();
                ArrayNode results = body.putArray("results");
                feed.subscriptions().forEach(one -> results.add(HubspotJournal.show(one)));
                yield Answers.json(200, body);
            }
            case "POST1" -> Answers.json(201, HubspotJournal.show(subscribe(call, feed)));
            case "GET2" -> Answers.json(200, HubspotJournal.show(subscription(feed, call.part(1))));
            case "DELETE2" -> {
                feed.unsubscribe(subscription(feed, call.part(1)).id());
                yield Answer.empty(204);
            }
            default -> throw nothing(call);
        };
    }

    private static Subscription subscribe(ApiCall call, Feed feed) {
        JsonNode body = call.body();
        portal(body);
        List<String> associated = new ArrayList<>();
        body.path("associatedObjectTypeIds")
                .forEach(type -> associated.add(call.table(type.asText()).type().keyPrefix()));
        try {
            return feed.subscribe(
                    body, call.table(body.path("objectTypeId").asText()).type().keyPrefix(), associated);
        } catch (IllegalArgumentException e) {
            throw HubspotError.invalid(e.getMessage()).thrown();
        }
    }

    private static void portal(JsonNode body) {
        if (body.path("portalId").asLong() != Resources.PORTAL) {
            throw HubspotError.invalid("The app is not installed in the portal "
                            + body.path("portalId").asText() + ".")
                    .thrown();
        }
    }

    private static Subscription subscription(Feed feed, String id) {
        return feed.subscriptions().stream()
                .filter(one -> String.valueOf(one.id()).equals(id))
                .findFirst()
                .orElseThrow(() -> HubspotError.notFound("There is no subscription " + id + ".")
                        .thrown());
    }

    // --- snapshots

    private Answer snapshot(ApiCall call) {
        if (call.path().size() != 2 || !"crm".equals(call.part(1))) {
            throw nothing(call);
        }
        JsonNode requests = call.body().path("snapshotRequests");
        if (requests.isEmpty() || requests.size() > LARGEST_BATCH) {
            throw HubspotError.invalid("snapshotRequests must be from 1 to " + LARGEST_BATCH + ".")
                    .thrown();
        }
        for (JsonNode request : requests) {
            portal(request);
            call.table(request.path("objectTypeId").asText());
        }
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode responses = body.putArray("snapshotResponses");
        for (JsonNode request : requests) {
            Table table = call.table(request.path("objectTypeId").asText());
            Set<String> properties = new HashSet<>();
            request.path("properties").forEach(name -> properties.add(name.asText()));
            responses
                    .addObject()
                    .put("portalId", Resources.PORTAL)
                    .put("objectTypeId", table.type().keyPrefix())
                    .put("objectId", request.path("objectId").asLong())
                    .put(
                            "snapshotStatusId",
                            journal.desk(call.account())
                                    .snapshots()
                                    .ask(table, request.path("objectId").asText(), properties));
        }
        return Answers.json(200, body);
    }

    private Answer status(ApiCall call) {
        String asked = call.call().method() + " " + String.join("/", call.path());
        if (!asked.matches("GET snapshots/(crm/)?status/[^/]+")) {
            throw nothing(call);
        }
        String id = call.path().get(call.path().size() - 1);
        Snapshots.State state = journal.desk(call.account())
                .snapshots()
                .status(id)
                .orElseThrow(() -> HubspotError.notFound("There is no snapshot " + id + ".")
                        .thrown());
        ObjectNode body = Answers.JSON
                .createObjectNode()
                .put("id", id)
                .put("status", state.status().name())
                .put("initiatedAt", state.initiatedAt());
        return Answers.json(200, state.completedAt() == null ? body : body.put("completedAt", state.completedAt()));
    }
}

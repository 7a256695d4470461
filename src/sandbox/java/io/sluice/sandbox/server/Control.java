// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Serves the sandbox's own endpoints under {@code /sandbox}: the referee, limits, faults, declared fields, and a CRM
 * user's edits. None of them counts as an API call. Errors are {@code {"error":"a sentence"}} with 400 or 404.
 */
public final class Control {

    private static final String LINES = "application/x-ndjson";

    private static final String HELP =
            """
            The Sluice sandbox CRM.
            GET    /sandbox/referee                            what was counted
            POST   /sandbox/referee/reset                      count from zero, records stay
            PUT    /sandbox/accounts/{account}                 {"crm":"salesforce"} or {"crm":"hubspot"}
            GET    /sandbox/limits/{account}
            PUT    /sandbox/limits/{account}                   {"daily":{"max":15000,"windowSeconds":86400}}
            GET    /sandbox/faults/{account}
            POST   /sandbox/faults/{account}                   {"kind":"slow","delayMs":2000,"count":3}
            DELETE /sandbox/faults/{account}
            PUT    /sandbox/objects/{account}/{object}         {"label":"Booking","keyPrefix":"a00"}
            PUT    /sandbox/fields/{account}/{object}/{field}  {"type":"string","length":40}, {"formula":"Dear {LastName}"}
                                                               or {"rollUp":{"object":"Opportunity","reference":
                                                               "AccountId","function":"sum","field":"Amount"}}
            GET    /sandbox/records/{account}/{object}         one JSON line a record
            POST   /sandbox/records/{account}/{object}         a CRM user creates a record; or, sent as
                                                               application/x-ndjson, imports many: a JSON line each, with
                                                               "id" where it is there already. Answered line by line;
                                                               with ?oneStamp=true all of them bear one stamp
            GET    /sandbox/records/{account}/{object}/{id}    by record id or external id
            POST   /sandbox/records/{account}/{object}/{id}    a CRM user's edit
            DELETE /sandbox/records/{account}/{object}/{id}
            GET    /sandbox/webhooks/{account}                 HubSpot's, and to whom they go
            PUT    /sandbox/webhooks/{account}                 {"targetUrl":"http://...","subscribe":["contacts"]}
            DELETE /sandbox/webhooks/{account}
            GET    /sandbox/journal/{account}                  who wrote what when, a JSON line for each field of a write;
                                                               ?object=, ?record= and ?after= (a seq) choose
            GET    /sandbox/webhooks-journal/{account}         HubSpot's webhooks journal
            PUT    /sandbox/webhooks-journal/{account}         {"subscribe":["contacts"]}; also under /sandbox/journal
            DELETE /sandbox/webhooks-journal/{account}
            GET    /sandbox/streaming/{account}                the Streaming API of a Salesforce account
            PUT    /sandbox/streaming/{account}                {"changeEvents":["Contact"]} selects objects for change events;
                                                               "connectMs", "reconnectMs", "maxClients", "eventsKept",
                                                               "keepAliveMs", "fetchMs", "maxChanges" (Pub/Sub API) set
                                                               it up; "expireEvents":true drops the retained events,
                                                               "dropClients":true forgets the clients
            DELETE /sandbox/streaming/{account}                selects none, forgets events and clients
            GET    /sandbox/pubsub/{account}                   port and certificate of the Pub/Sub API (gRPC)
            DELETE /sandbox/pubsub/{account}                   ends the account's subscriptions, as a server does that goes
            GET    /sandbox/automations/{account}              the automations of the CRM, and how often each flow ran
            PUT    /sandbox/automations/{account}              replaces them, by one or a list:
                                                               {"object":"contacts","when":"updated","set":{"tier":"gold"},
                                                               "delayMs":200} or "within":true; for Salesforce also
                                                               {"object":"Contact","refuse":{"field":"Title","equals":
                                                               "Spam"},"message":"No"},
                                                               {"object":"Contact","duplicates":["Email"],"action":
                                                               "alert"}, {"object":"Lead","assign":"005...","if":
                                                               {"field":"Country","equals":"DE"}} and
                                                               {"object":"Contact","triggerMs":5}
            DELETE /sandbox/automations/{account}

            The kinds of faults, and the settings of each:
              refuse        the limit that "limit" names (daily; tenSecondly, search) refuses the call, whatever its use
              unavailable   503 or another "status"; "html":true makes it a maintenance page
              answer        the whole call is answered "status" (400) with "errorCode", "message", "fields" and
                            "duplicateResult" in the vendor's form, or with "body" as given (a text of "contentType",
                            text/html; or JSON; "" is an empty one), and with "headers"; "when":"before" (nothing is done)
                            or "after" the work. "operation":"compositePart" with an "object" answers the parts of
                            a Salesforce Composite call on it
              results       the work is done, and its per-record results are changed: "empty":true; "drop", "double",
                            "foreign" and "errors" (each how many); "order":"reversed" or "shuffled"; "created":true or
                            false; "otherId":true; "pending":true; "html":true
              reset         the connection is cut "when":"before" the work, "within" the answer, or "after" the work
                            without any of it
              slow          "delayMs" late, or between "minMs" and "maxMs", comes "when":"after" the answer to work that
                            is done, "within" its second half, "before" the work itself, even if the client has gone
              rowLock       rows fail with UNABLE_TO_LOCK_ROW
              partial       rows fail with "errorCode", "message" and "fields"; of DUPLICATES_DETECTED a
                            "duplicateResult" too, of your own or one that is made up; "whole":true with them all of a
                            HubSpot batch
              expireTokens  all tokens issued until now are invalid
              lateCommit    writes get their stamp now and become visible "seconds" later (5)
              jobFails      a bulk job fails, with "message", after "afterRows" of it (0)
              hang          no answer ever, "when":"before" the work, "after" it, or "within" the answer
              indexLag      a HubSpot search does not see what was written in its last "lagMs" (5000)
              dropEvents    a webhook's event is never sent
              duplicateEvents  it is sent twice, the second time up to "delayMs" later (300)
              lateEvents    it is sent "delayMs" late (5000)
              shuffleEvents  others of up to "delayMs" after it may overtake it (300)
              forgeEvents   one with a false value and signature is sent beside it
              gapEvents     a Salesforce change event tells only that something changed; "overflow":true: not even of what
              garbleEvents  subscribers of the Pub/Sub API can't decode a Salesforce event
              hideFields    a Salesforce change event lacks "fields"
            A fault strikes all requests until it is removed, unless these settings limit it: "operation" (a name by which
            the referee counts, or a list; "edit" is a CRM user's edit), "object", "count" (number of requests), "seconds"
            (for a lateCommit "forSeconds"), "probability" (0 to 1; of rows for rowLock and partial), and "keys" (external
            ids and record ids: those rows, or the calls that read or write one of them). A fault strikes logins only
            when it names them ("token"), and webhooks with "operation":"webhook". A fault strikes the Pub/Sub API only
            when it names "pubsubSubscribe", "pubsubFetch", "pubsubDeliver", "pubsubTopic", "pubsubSchema" or
            "pubsubPublish", and change events only when it names "changeEvent". Unknown settings come back as "ignored".

            Webhooks: "targetUrl", "secret" (sandbox-secret), "maxConcurrentRequests" (10), "batchMs" (10) for which events
            are gathered, "timeScale" (1) by which failed requests are tried again faster than within HubSpot's day,
            "signatureVersion" (v1 or v2) of the older header, and "subscribe": objects whose changes are all sent, or
            {"contacts":["email"]}.

            Webhooks journal: "subscribe": objects whose changes are all sent, "urlSeconds" (900) for which the address of a file is good,
            "historySeconds" (3 days) and "snapshotMs" (50); the answer has "lastOffset", the offset of the latest file. The referee
            counts the journal's calls as "exempt".
            """;

    private final Vertx vertx;
    private final SandboxClock clock;
    private final Accounts accounts;
    private final Map<String, CrmUser> users;
    private final Map<String, AccountControl> others;
    private final ObjectMapper json = new ObjectMapper();

    /** @param others controls that one CRM alone has, by name */
    public Control(
            Vertx vertx,
            SandboxClock clock,
            Accounts accounts,
            Map<String, CrmUser> users,
            Map<String, AccountControl> others) {
        this.vertx = vertx;
        this.clock = clock;
        this.accounts = accounts;
        this.users = users;
        this.others = others;
    }

    void handle(Call call, HttpServerResponse response) {
        List<String> path = call.segments();
        if (path.size() == 4 && "records".equals(path.get(1)) && "GET".equals(call.method())) {
            stream(path, response);
            return;
        }
        vertx.executeBlocking(() -> answer(call, path), false)
                .onComplete(result -> send(
                        response, result.succeeded() ? result.result() : error(500, String.valueOf(result.cause()))));
    }

    private void send(HttpServerResponse response, Answer answer) {
        if (answer.chunks() == null) {
            Gateway.send(response, answer);
            return;
        }
        response.setStatusCode(answer.status()).putHeader("Content-Type", answer.contentType());
        new ChunkStream(vertx, response, answer.chunks()).begin();
    }

    private Answer answer(Call call, List<String> path) {
        try {
            if (path.size() < 2) {
                return Answer.text(200, "text/plain;charset=UTF-8", HELP);
            }
            return switch (path.get(1)) {
                case "referee" -> referee(call, path);
                case "accounts" -> account(path, body(call));
                case "limits" -> limits(call, account(path));
                case "faults" -> faults(call, account(path));
                case "objects" -> object(path, body(call));
                case "fields" -> field(path, body(call));
                case "records" -> record(call, path);
                case "journal" -> "GET".equals(call.method()) ? written(call, account(path)) : other(call, path);
                default -> other(call, path);
            };
        } catch (IllegalArgumentException e) {
            return error(400, e.getMessage());
        } catch (NoSuchThing e) {
            return error(404, e.getMessage());
        }
    }

    /** Answers the log of writes. */
    private Answer written(Call call, Account account) {
        String entries = call.query().getOrDefault("after", "0");
        if (!entries.matches("\\d{1,18}")) {
            throw new IllegalArgumentException("'after' is the seq of a line.");
        }
        String object = call.query().get("object");
        String record = call.query().get("record");
        return Answer.streamed(
                200,
                LINES,
                account.writes()
                        .lines(
                                account,
                                users.get(account.crm()),
                                name -> object == null || object.equals(name),
                                id -> record == null || record.equals(id),
                                Long.parseLong(entries)));
    }

    private Answer other(Call call, List<String> path) {
        AccountControl control = others.get(path.get(1));
        return control == null
                ? error(404, "There is no such control. See /sandbox for what there is.")
                : ok(control.answer(account(path), call.method(), body(call)));
    }

    private Answer referee(Call call, List<String> path) {
        if (path.size() == 3 && "reset".equals(path.get(2)) && "POST".equals(call.method())) {
            for (Account account : accounts.all()) {
                account.counts().reset();
                account.sections().forEach(Section::reset);
                account.limiter().resetPeaks();
                accounts.journal().reset(account.name());
            }
        } else if (path.size() != 2 || !"GET".equals(call.method())) {
            return error(404, "The referee answers GET /sandbox/referee and POST /sandbox/referee/reset.");
        }
        ObjectNode all = json.createObjectNode();
        ObjectNode byName = all.putObject("accounts");
        for (Account account : accounts.all()) {
            ObjectNode one = byName.putObject(account.name());
            one.put("crm", account.crm());
            one.setAll(account.counts().describe());
            ObjectNode records = one.putObject("recordsByObject");
            account.store().tables().forEach(table -> records.put(table.type().name(), table.live()));
            one.set("limits", account.limiter().describe(true));
            account.sections().forEach(section -> one.set(section.name(), section.describe()));
        }
        return ok(all);
    }

    private Answer account(List<String> path, JsonNode body) {
        if (path.size() != 3 || !path.get(2).matches("[A-Za-z0-9_-]{1,60}")) {
            throw new IllegalArgumentException("An account's name has 1 to 60 letters, digits, '-' or '_'.");
        }
        Account account = accounts.create(path.get(2), body.path("crm").asText("salesforce"));
        return ok(json.createObjectNode().put("account", account.name()).put("crm", account.crm()));
    }

    private Answer limits(Call call, Account account) {
        if ("PUT".equals(call.method())) {
            accounts.changeLimits(account, body(call));
        }
        return ok(account.limiter().describe(true));
    }

    private Answer faults(Call call, Account account) {
        List<String> ignored = List.of();
        switch (call.method()) {
            case "POST" -> {
                Fault fault = account.faults().add(body(call));
                ignored = Fault.unknown(fault.settings());
                if (fault.kind() == Fault.Kind.EXPIRE_TOKENS) {
                    account.expireTokens(clock.micros());
                }
            }
            case "DELETE" -> account.faults().clear();
            default -> {}
        }
        ObjectNode all = json.createObjectNode();
        all.set("faults", json.valueToTree(account.faults().list()));
        if (!ignored.isEmpty()) {
            all.set("ignored", json.valueToTree(ignored));
        }
        return ok(all);
    }

    private Answer object(List<String> path, JsonNode body) {
        Account account = account(path);
        if (path.size() != 4) {
            return error(404, "An object is declared at /sandbox/objects/{account}/{object}.");
        }
        accounts.declareObject(account, path.get(3), body);
        return ok(json.createObjectNode().put("object", path.get(3)));
    }

    private Answer field(List<String> path, JsonNode body) {
        Account account = account(path);
        if (path.size() != 5) {
            return error(404, "A field is declared at /sandbox/fields/{account}/{object}/{field}.");
        }
        Field field = accounts.declareField(account, path.get(3), path.get(4), body);
        if (field.rollUp() != null) {
            account.store().calculate(account.store().table(path.get(3)).orElseThrow());
        }
        return ok(json.createObjectNode()
                .put("object", path.get(3))
                .put("field", field.name())
                .put("type", field.type().wireName())
                .put("length", field.length()));
    }

    private Answer record(Call call, List<String> path) {
        Account account = account(path);
        Table table = table(account, path);
        CrmUser user = users.get(account.crm());
        UserEdits edits = new UserEdits(vertx, account, user);
        String id = path.size() > 4 ? path.get(4) : null;
        return switch (call.method()) {
            case "GET" ->
                user.read(account, table, id)
                        .map(this::ok)
                        .orElseThrow(() ->
                                new NoSuchThing("There is no " + table.type().name() + " " + id + "."));
            case "POST" ->
                id == null && isLines(call)
                        ? Answer.text(
                                200,
                                LINES,
                                edits.imported(
                                        table,
                                        call.text(),
                                        Boolean.parseBoolean(call.query().get("oneStamp"))))
                        : ok(edits.write(table, id, body(call)));
            case "DELETE" -> ok(edits.delete(table, id));
            default -> error(405, "Records take GET, POST and DELETE.");
        };
    }

    private static boolean isLines(Call call) {
        return call.headers().getOrDefault("content-type", "").startsWith(LINES);
    }

    private void stream(List<String> path, HttpServerResponse response) {
        try {
            Account account = account(path);
            Table table = table(account, path);
            CrmUser user = users.get(account.crm());
            response.putHeader("Content-Type", LINES);
            new ChunkStream(vertx, response, new RecordStream(table.iterator(), row -> user.show(account, table, row)))
                    .begin();
        } catch (NoSuchThing e) {
            Gateway.send(response, error(404, e.getMessage()));
        }
    }

    private Account account(List<String> path) {
        String name = path.size() > 2 ? path.get(2) : "";
        return accounts.find(name).orElseThrow(() -> new NoSuchThing("There is no account '" + name + "'."));
    }

    private static Table table(Account account, List<String> path) {
        String name = path.size() > 3 ? path.get(3) : "";
        return account.store().table(name).orElseThrow(() -> new NoSuchThing("There is no object '" + name + "'."));
    }

    private JsonNode body(Call call) {
        try {
            JsonNode body = json.readTree(call.body());
            return body == null || body.isMissingNode() ? json.createObjectNode() : body;
        } catch (IOException e) {
            throw new IllegalArgumentException("The body is not JSON.", e);
        }
    }

    private Answer ok(JsonNode body) {
        return Answer.text(200, "application/json", body.toPrettyString() + "\n");
    }

    private Answer error(int status, String sentence) {
        return Answer.text(status, "application/json", json.createObjectNode().put("error", sentence) + "\n");
    }

    private static final class NoSuchThing extends RuntimeException {
        NoSuchThing(String sentence) {
            super(sentence);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.pubsub.Gate;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.server.Protocol;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Table;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Serves Salesforce's REST API: authentication, routing and errors. */
public final class SalesforceProtocol implements Protocol {

    private static final String MAINTENANCE =
            """
            <!DOCTYPE html>
            <html><head><title>Maintenance</title></head>
            <body><h1>Down for maintenance</h1><p>We are down for scheduled maintenance. Sorry for the inconvenience.</p>
            </body></html>
            """;

    private final Accounts accounts;
    private final Sessions sessions;
    private final Logins logins;
    private final Bulk bulk;
    private final Cursors cursors = new Cursors();
    private final Resources resources;

    /**
     * @param jobs        a folder for the data of bulk jobs
     * @param clockMicros microseconds since 1970
     */
    public SalesforceProtocol(Accounts accounts, Path jobs, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.sessions = new Sessions(accounts, clockMicros);
        this.logins = new Logins(accounts, sessions, clockMicros);
        this.bulk = new Bulk(accounts, jobs, clockMicros);
        this.resources = new Resources(bulk, cursors);
    }

    /** Answers the Streaming API of the same accounts. */
    public Protocol cometd(Streaming streaming) {
        return new CometdProtocol(this, sessions, streaming);
    }

    /** Lets clients of the Pub/Sub API of the same accounts in. */
    public Gate pubSub(Streaming streaming) {
        return new PubSubGate(accounts, sessions, streaming);
    }

    /** Answers the SOAP API of the same accounts; both share their sessions. */
    public Protocol soap() {
        return new SoapProtocol(sessions, logins, cursors);
    }

    @Override
    public boolean serves(Call call) {
        return call.path().startsWith("/services/") || call.path().startsWith("/id/");
    }

    @Override
    public OptionalLong uploaded(Call head) {
        List<String> path = head.segments();
        boolean isUpload = path.size() > 3 && BulkRoutes.isUpload(head.method(), path.subList(3, path.size()));
        // one byte more tells that it is too long
        return isUpload ? OptionalLong.of(BulkIngest.LARGEST_UPLOAD + 1) : OptionalLong.empty();
    }

    @Override
    public void close() {
        bulk.close();
    }

    @Override
    public Request open(Call call) {
        List<String> path = call.segments();
        String area = path.size() > 1 ? path.get(1) : "";
        if ("id".equals(path.get(0))) {
            return identified(call, "identity", () -> Identities.identity(call));
        }
        return switch (area) {
            case "oauth2" -> oauth(call, path.size() > 2 ? path.get(2) : "");
            case "data" ->
                path.size() == 2
                        ? new Request(
                                null,
                                Request.Kind.UNAUTHORIZED,
                                "versions",
                                Set.of(),
                                Set::of,
                                attempt -> Describes.versions())
                        : authenticated(call, account -> data(account, call, path));
            default -> unauthorized(null, Answers.error(SalesforceError.notFound()));
        };
    }

    @Override
    public Answer refusal(Request request, String limit) {
        return Answers.error(refused(limit));
    }

    @Override
    public Answer unavailable(Fault fault) {
        return page(fault).orElseGet(() -> Answers.error(downStatus(fault), List.of(down(fault))));
    }

    /** Answers an error in the words of OAuth for logins, and of the REST API for all else. */
    @Override
    public Answer error(Request request, Fault fault) {
        SalesforceError error = errorOf(
                fault,
                request.objects().stream()
                        .findFirst()
                        .flatMap(request.account().store()::table)
                        .map(Table::type)
                        .orElse(null));
        return request.kind() == Request.Kind.LOGIN
                ? Answers.json(
                        statusOf(fault),
                        Answers.JSON
                                .createObjectNode()
                                .put("error", error.code())
                                .put("error_description", error.message()))
                : Answers.error(statusOf(fault), List.of(error));
    }

    /** Builds the answer that a fault asks for in place of a part of a call. */
    static Answer answerOf(Fault fault) {
        JsonNode body = fault.settings().path("body");
        if (body.isContainerNode()) {
            return Answers.json(statusOf(fault), body);
        }
        return Answers.error(statusOf(fault), List.of(errorOf(fault, null)));
    }

    private static int statusOf(Fault fault) {
        return fault.settings().path("status").asInt(400);
    }

    /**
     * Builds the error that a fault of rows or of a whole call asks for.
     *
     * @param object of the records, or null where it is not known
     */
    static SalesforceError errorOf(Fault fault, ObjectType object) {
        String code = fault.settings().path("errorCode").asText("UNKNOWN_EXCEPTION");
        boolean duplicates = DuplicateResult.CODE.equals(code);
        JsonNode found = fault.settings().path("duplicateResult");
        return new SalesforceError(
                code,
                fault.settings().path("message").asText(duplicates ? DuplicateResult.MESSAGE : Fault.MESSAGE),
                fault.fields(),
                found.isObject() ? found : duplicates && object != null ? DuplicateResult.madeUp(object) : null);
    }

    static SalesforceError refused(String limit) {
        if (limit.equals(SalesforceDefaults.BULK_BATCHES)) {
            return SalesforceError.of("LIMIT_EXCEEDED", "Max bulk batches limit was reached for 24 hours");
        }
        return SalesforceError.of(
                "REQUEST_LIMIT_EXCEEDED",
                switch (limit) {
                    case Limiter.DAILY -> "TotalRequests Limit exceeded.";
                    case Limiter.CONCURRENT -> "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
                    default -> limit + " Limit exceeded.";
                });
    }

    /** Answers the maintenance page when the fault asks for it. */
    static Optional<Answer> page(Fault fault) {
        return fault.settings().path("html").asBoolean()
                ? Optional.of(Answer.text(downStatus(fault), "text/html;charset=UTF-8", MAINTENANCE))
                : Optional.empty();
    }

    static SalesforceError down(Fault fault) {
        return SalesforceError.of(
                fault.settings()
                        .path("errorCode")
                        .asText(downStatus(fault) == 503 ? "SERVER_UNAVAILABLE" : "UNKNOWN_EXCEPTION"),
                fault.settings().path("message").asText("Unable to process the request at this time."));
    }

    static int downStatus(Fault fault) {
        return fault.settings().path("status").asInt(503);
    }

    @Override
    public Answer results(Request request, Answer answer, Fault fault) {
        return ChangedResults.of(answer, fault);
    }

    @Override
    public Answer complete(Request request, Answer answer) {
        if (request.kind() != Request.Kind.DATA) {
            return answer;
        }
        return request.account()
                .limiter()
                .usage(Limiter.DAILY)
                .map(usage -> answer.with("Sforce-Limit-Info", "api-usage=" + usage.used() + "/" + usage.max()))
                .orElse(answer);
    }

    private Request oauth(Call call, String endpoint) {
        return switch (endpoint) {
            case "token" -> {
                Account account = logins.account(call).orElse(null);
                yield new Request(
                        account,
                        Request.Kind.LOGIN,
                        "token",
                        Set.of(),
                        Set::of,
                        attempt -> logins.token(account, call));
            }
            case "revoke" ->
                new Request(
                        logins.account(call).orElse(null),
                        Request.Kind.LOGIN,
                        "revoke",
                        Set.of(),
                        Set::of,
                        attempt -> logins.revoke(call));
            case "authorize" -> {
                Account account = logins.account(call).orElse(null);
                yield new Request(
                        account,
                        Request.Kind.LOGIN,
                        "authorize",
                        Set.of(),
                        Set::of,
                        attempt -> logins.authorize(account, call));
            }
            case "userinfo" -> identified(call, "userinfo", () -> Identities.userInfo(call));
            default -> unauthorized(null, Answers.error(SalesforceError.notFound()));
        };
    }

    /** Opens a request that answers who is logged in, by a token in the header or in the address. */
    private Request identified(Call call, String operation, Supplier<Answer> answer) {
        Optional<String> token = token(call)
                .or(() -> Optional.ofNullable(call.query().get("oauth_token")))
                .or(() -> Optional.ofNullable(call.query().get("access_token")));
        Optional<Sessions.Session> session = token.flatMap(sessions::find);
        return session.filter(Sessions.Session::valid).isPresent()
                ? login(session.get().account(), operation, answer.get())
                : unauthorized(
                        session.map(Sessions.Session::account).orElse(null), Identities.refused(token.isPresent()));
    }

    private interface Opened {
        Request by(Account account);
    }

    private Request authenticated(Call call, Opened opened) {
        Optional<Sessions.Session> session = token(call).flatMap(sessions::find);
        if (session.filter(Sessions.Session::valid).isEmpty()) {
            return unauthorized(
                    session.map(Sessions.Session::account).orElse(null),
                    Answers.error(SalesforceError.of("INVALID_SESSION_ID", "Session expired or invalid")));
        }
        return opened.by(session.get().account());
    }

    static Optional<String> token(Call call) {
        String header = call.header("authorization");
        if (header == null) {
            return Optional.empty();
        }
        String[] parts = header.split(" ", 2);
        boolean known = "Bearer".equalsIgnoreCase(parts[0]) || "OAuth".equalsIgnoreCase(parts[0]);
        return known && parts.length == 2 ? Optional.of(parts[1].strip()) : Optional.empty();
    }

    private Request data(Account account, Call call, List<String> path) {
        if (!isServed(path.get(2))) {
            return Request.data(account, "unknown", Set.of(), attempt -> Answers.error(SalesforceError.notFound()));
        }
        String method = "POST".equals(call.method()) ? call.query().getOrDefault("_HttpMethod", "POST") : call.method();
        ApiCall api = ApiCall.of(account, call, method, path);
        Resources.Route route = resources.route(method, api.rest());
        return Request.data(account, route.operation(), route.objects(), attempt -> resources.answer(api, attempt))
                .writing(() -> RecordKeys.of(api, resources))
                .about(() -> Subjects.of(api, resources, bulk));
    }

    static boolean isServed(String version) {
        if (!version.matches("v\\d{2}\\.0")) {
            return false;
        }
        int number = Integer.parseInt(version.substring(1, 3));
        // one release of preview beyond the newest
        return number >= Describes.OLDEST_VERSION && number <= Describes.NEWEST_VERSION + 1;
    }

    private static Request login(Account account, String operation, Answer answer) {
        return new Request(account, Request.Kind.LOGIN, operation, Set.of(), Set::of, attempt -> answer);
    }

    private static Request unauthorized(Account account, Answer answer) {
        return new Request(account, Request.Kind.UNAUTHORIZED, "unauthorized", Set.of(), Set::of, attempt -> answer);
    }
}

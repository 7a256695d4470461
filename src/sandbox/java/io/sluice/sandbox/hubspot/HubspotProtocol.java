// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Protocol;
import io.sluice.sandbox.server.Request;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;

/** Serves HubSpot's REST API: authentication, routing and errors. */
public final class HubspotProtocol implements Protocol {

    /** Name of the CRM and of its first account. */
    public static final String CRM = "hubspot";

    private static final String TOKEN = "pat-";
    private static final String FIRST_TOKEN = "pat-sandbox";

    private final Accounts accounts;
    private final Resources resources;
    private final OauthTokens tokens;
    private final Oauth oauth;
    private final JournalRoutes journal;

    /** @param clockMicros the sandbox's time, by which tokens end */
    public HubspotProtocol(
            Accounts accounts, HubspotWebhooks webhooks, HubspotJournal journal, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.tokens = new OauthTokens(accounts, clockMicros);
        this.oauth = new Oauth(accounts, tokens);
        this.journal = new JournalRoutes(accounts, journal);
        this.resources = new Resources(accounts, webhooks);
    }

    @Override
    public boolean serves(Call call) {
        return call.path().startsWith("/crm/")
                || call.path().startsWith("/crm-object-schemas/")
                || call.path().startsWith("/account-info/")
                || call.path().startsWith("/oauth/")
                || call.path().startsWith(JournalRoutes.PATH)
                || call.path().startsWith("/webhooks/")
                || call.path().startsWith("/app-webhooks/");
    }

    /** Marks the work of an OAuth app, whose answers have no daily headers because all apps share the day. */
    private record OauthWork(Request.Work work) implements Request.Work {
        @Override
        public Answer run(Request.Attempt attempt) {
            return work.run(attempt);
        }
    }

    @Override
    public Request open(Call call) {
        if (call.path().startsWith("/oauth/")) {
            return oauth.open(call);
        }
        if (JournalRoutes.isFile(call)) {
            return journal.file(call);
        }
        String bearer = bearer(call);
        Optional<OauthTokens.Token> token = tokens.find(bearer);
        if (token.isPresent()) {
            return open(call, token.get());
        }
        return account(bearer)
                .map(account -> isJournal(call) ? missingScopes(account, call) : data(account, call, false))
                .orElseGet(() -> unauthorized(
                        null,
                        HubspotError.of(
                                401,
                                "INVALID_AUTHENTICATION",
                                "Authentication credentials not found. This API supports "
                                        + "a private app's access token or OAuth 2.0 as a bearer token.")));
    }

    private Request open(Call call, OauthTokens.Token token) {
        if (!token.isAlive()) {
            HubspotError expired = HubspotError.of(
                    401,
                    "EXPIRED_AUTHENTICATION",
                    "The OAuth token used to make this call expired " + -token.left() + " second(s) ago.");
            return isJournal(call)
                    ? Request.exempt(token.account(), Operations.JOURNAL, attempt -> Answers.error(expired))
                    : unauthorized(token.account(), expired);
        }
        if (token.journal() != isJournal(call)) {
            return missingScopes(token.account(), call);
        }
        if (token.journal()) {
            return journal.open(call, token.account());
        }
        return data(token.account(), call, true);
    }

    private static boolean isJournal(Call call) {
        return call.path().startsWith(JournalRoutes.PATH);
    }

    private static Request missingScopes(Account account, Call call) {
        Request.Work work = attempt -> Answers.error(HubspotError.of(
                403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."));
        return isJournal(call)
                ? Request.exempt(account, Operations.JOURNAL, work)
                : Request.data(account, "missingScopes", Set.of(), work);
    }

    private static Request unauthorized(Account account, HubspotError error) {
        return new Request(
                account,
                Request.Kind.UNAUTHORIZED,
                "unauthorized",
                Set.of(),
                Set::of,
                attempt -> correlated(Answers.error(error)));
    }

    private Request data(Account account, Call call, boolean byOauth) {
        ApiCall api = ApiCall.of(account, call);
        Resources.Route route = resources.route(api);
        Request.Work work = attempt -> Resources.answer(api, route, attempt);
        return Request.data(account, route.operation(), objects(api), byOauth ? new OauthWork(work) : work)
                .writing(() -> RecordKeys.of(api, route.operation()))
                .about(() -> RecordKeys.subject(api, route.operation()));
    }

    @Override
    public Answer refusal(Request request, String limit) {
        ObjectNode body = Answers.JSON.createObjectNode().put("status", "error");
        switch (limit) {
            case HubspotDefaults.SEARCH ->
                body.put("message", "You have reached your secondly limit.")
                        .put("correlationId", UUID.randomUUID().toString())
                        .put("category", "RATE_LIMITS");
            case HubspotDefaults.TEN_SECONDLY ->
                body.put("message", "You have reached your ten_secondly_rolling limit.")
                        .put("errorType", "RATE_LIMIT")
                        .put("correlationId", UUID.randomUUID().toString())
                        .put("policyName", "TEN_SECONDLY_ROLLING");
            case Operations.JOURNAL, Operations.JOURNAL_SUBSCRIPTIONS, Operations.JOURNAL_SNAPSHOTS ->
                body.put("message", "You have reached your secondly limit.")
                        .put("errorType", "RATE_LIMIT")
                        .put("correlationId", UUID.randomUUID().toString())
                        .put("policyName", "SECONDLY");
            default ->
                body.put("message", "You have reached your " + limit + " limit.")
                        .put("errorType", "RATE_LIMIT")
                        .put("correlationId", UUID.randomUUID().toString())
                        .put("policyName", limit.toUpperCase(Locale.ROOT));
        }
        return Answers.json(429, body);
    }

    /**
     * Answers 503 or another status such as 423 or 477; 477 carries the seconds until the move to another site ends.
     */
    @Override
    public Answer unavailable(Fault fault) {
        int status = fault.settings().path("status").asInt(503);
        Answer answer = Answers.error(HubspotError.of(
                status,
                fault.settings().path("errorCode").asText(status == 423 ? "LOCKED" : null),
                fault.settings().path("message").asText("Service unavailable")));
        return status == 477 || fault.settings().has("retryAfter")
                ? answer.with("Retry-After", fault.settings().path("retryAfter").asText("60"))
                : answer;
    }

    @Override
    public Answer error(Request request, Fault fault) {
        return Answers.error(HubspotError.of(
                fault.settings().path("status").asInt(400),
                fault.settings().path("errorCode").asText("VALIDATION_ERROR"),
                fault.settings().path("message").asText(Fault.MESSAGE)));
    }

    @Override
    public Answer results(Request request, Answer answer, Fault fault) {
        return ChangedResults.of(answer, fault);
    }

    @Override
    public Answer complete(Request request, Answer answer) {
        Answer correlated = correlated(answer);
        return request.kind() == Request.Kind.DATA && answer.status() != 403
                ? RateHeaders.on(
                        correlated,
                        request.account().limiter(),
                        !(request.work() instanceof OauthWork),
                        !Operations.isSearch(request.operation()))
                : correlated;
    }

    private static Answer correlated(Answer answer) {
        return answer.with("X-HubSpot-Correlation-Id", UUID.randomUUID().toString());
    }

    private static Set<String> objects(ApiCall api) {
        try {
            return switch (api.part(0)) {
                case "objects" -> Set.of(api.table().type().name());
                case Links.ASSOCIATIONS -> Set.of(Links.ASSOCIATIONS);
                default -> Set.of();
            };
        } catch (HubspotError.Thrown e) {
            // the work says that there is no such object
            return Set.of();
        }
    }

    private static String bearer(Call call) {
        String header = Optional.ofNullable(call.header("authorization")).orElse("");
        return header.regionMatches(true, 0, "Bearer ", 0, 7)
                ? header.substring(7).strip()
                : "";
    }

    /**
     * Finds the account of a private app's token: {@code pat-sandbox}, or {@code pat-} and the name of another account.
     */
    private Optional<Account> account(String token) {
        if (!token.startsWith(TOKEN)) {
            return Optional.empty();
        }
        String name = FIRST_TOKEN.equals(token) ? CRM : token.substring(TOKEN.length());
        return accounts.find(name).filter(account -> CRM.equals(account.crm()));
    }
}

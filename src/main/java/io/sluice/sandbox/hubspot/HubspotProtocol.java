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

/** HubSpot's REST API: who may call, what is called, and how it answers when it can't. */
public final class HubspotProtocol implements Protocol {

    /** The CRM's name, and its first account's. */
    public static final String CRM = "hubspot";

    private static final String TOKEN = "pat-";
    private static final String FIRST_TOKEN = "pat-sandbox";

    private final Accounts accounts;
    private final Resources resources;

    public HubspotProtocol(Accounts accounts) {
        this.accounts = accounts;
        this.resources = new Resources(accounts);
    }

    @Override
    public boolean serves(Call call) {
        return call.path().startsWith("/crm/") || call.path().startsWith("/account-info/");
    }

    @Override
    public Request open(Call call) {
        Optional<Account> account = account(call);
        if (account.isEmpty()) {
            return new Request(null, Request.Kind.UNAUTHORIZED, "unauthorized", Set.of(), Set::of,
                    attempt -> correlated(Answers.error(HubspotError.of(401, "INVALID_AUTHENTICATION",
                            "Authentication credentials not found. This API supports a private app's access token as "
                                    + "a bearer token."))));
        }
        ApiCall api = ApiCall.of(account.get(), call);
        Resources.Route route = resources.route(api);
        return Request.data(account.get(), route.operation(), objects(api),
                attempt -> resources.answer(api, route, attempt)).writing(() -> RecordKeys.of(api, route.operation()));
    }

    @Override
    public Answer refusal(Request request, String limit) {
        ObjectNode body = Answers.JSON.createObjectNode().put("status", "error");
        switch (limit) {
            case HubspotDefaults.SEARCH -> body.put("message", "You have reached your secondly limit.")
                    .put("correlationId", UUID.randomUUID().toString()).put("category", "RATE_LIMITS");
            case HubspotDefaults.TEN_SECONDLY -> body.put("message",
                            "You have reached your ten_secondly_rolling limit.")
                    .put("errorType", "RATE_LIMIT").put("correlationId", UUID.randomUUID().toString())
                    .put("policyName", "TEN_SECONDLY_ROLLING");
            default -> body.put("message", "You have reached your " + limit + " limit.")
                    .put("errorType", "RATE_LIMIT").put("correlationId", UUID.randomUUID().toString())
                    .put("policyName", limit.toUpperCase(Locale.ROOT));
        }
        return Answers.json(429, body);
    }

    /** 503, or another status such as 423 and 477, the latter with how many seconds the move to another site takes. */
    @Override
    public Answer unavailable(Fault fault) {
        int status = fault.settings().path("status").asInt(503);
        Answer answer = Answers.error(HubspotError.of(status, fault.settings().path("errorCode").asText(
                status == 423 ? "LOCKED" : null), fault.settings().path("message").asText("Service unavailable")));
        return status == 477 || fault.settings().has("retryAfter")
                ? answer.with("Retry-After", fault.settings().path("retryAfter").asText("60")) : answer;
    }

    @Override
    public Answer complete(Request request, Answer answer) {
        Answer correlated = correlated(answer);
        return request.kind() == Request.Kind.DATA && answer.status() != 403
                ? RateHeaders.on(correlated, request.account().limiter(), Operations.isSearch(request.operation()))
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

    /** The account of a private app's token: {@code pat-sandbox}, or of another account {@code pat-} and its name. */
    private Optional<Account> account(Call call) {
        String header = Optional.ofNullable(call.header("authorization")).orElse("");
        if (!header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return Optional.empty();
        }
        String token = header.substring(7).strip();
        if (!token.startsWith(TOKEN)) {
            return Optional.empty();
        }
        String name = FIRST_TOKEN.equals(token) ? CRM : token.substring(TOKEN.length());
        return accounts.find(name).filter(account -> CRM.equals(account.crm()));
    }
}

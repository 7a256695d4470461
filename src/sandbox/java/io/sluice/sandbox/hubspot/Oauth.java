// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Request;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Serves {@code /oauth/VERSION}: tokens for an app that a user installed (<a
 * href="https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth">OAuth</a>).
 * The client id names the account: {@code sluice} is the account {@code hubspot}, and {@code sluice-NAME} the account
 * NAME. The secret is {@code sluice}, and the refresh token {@code refresh-NAME} until it rotates. There is no browser
 * flow.
 */
final class Oauth {

    private static final String CLIENT = "sluice";
    private static final String SECRET = "sluice";
    private static final int USER = 45_678;
    private static final List<String> SCOPES = List.of(
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.contacts.write",
            "crm.objects.companies.read",
            "crm.objects.companies.write",
            "crm.objects.deals.read",
            "crm.objects.deals.write");
    private static final List<String> JOURNAL_SCOPES = List.of(
            "developer.webhooks_journal.read",
            "developer.webhooks_journal.subscriptions.read",
            "developer.webhooks_journal.subscriptions.write",
            "developer.webhooks_journal.snapshots.read",
            "developer.webhooks_journal.snapshots.write");

    private final Accounts accounts;
    private final OauthTokens tokens;

    Oauth(Accounts accounts, OauthTokens tokens) {
        this.accounts = accounts;
        this.tokens = tokens;
    }

    /** Opens a login, which counts as a login and against no limit. */
    Request open(Call call) {
        List<String> path = call.segments();
        String asked = path.size() > 2 && path.get(1).matches(ApiCall.VERSION)
                ? call.method() + " " + path.get(2) + " " + path.size()
                : "";
        return switch (asked) {
            case "POST token 3" -> {
                Map<String, String> form = form(call);
                Account account = account(form.get("client_id")).orElse(null);
                yield new Request(
                        account, Request.Kind.LOGIN, "token", Set.of(), Set::of, attempt -> token(account, form));
            }
            case "GET access-tokens 4" -> {
                Optional<OauthTokens.Token> token = tokens.find(path.get(3)).filter(OauthTokens.Token::isAlive);
                yield new Request(
                        token.map(OauthTokens.Token::account).orElse(null),
                        Request.Kind.LOGIN,
                        "accessToken",
                        Set.of(),
                        Set::of,
                        attempt -> token.map(found -> described(path.get(3), found))
                                .orElseGet(
                                        () -> refused(404, "INVALID_TOKEN", "the access token is expired or unknown")));
            }
            default ->
                new Request(
                        null,
                        Request.Kind.LOGIN,
                        "unknown",
                        Set.of(),
                        Set::of,
                        attempt ->
                                Answers.error(HubspotError.of(404, null, "Nothing is served at " + call.path() + ".")));
        };
    }

    private Optional<Account> account(String client) {
        Optional<Account> account = CLIENT.equals(client)
                ? accounts.find(HubspotProtocol.CRM)
                : client != null && client.startsWith(CLIENT + "-")
                        ? accounts.find(client.substring(CLIENT.length() + 1))
                        : Optional.empty();
        return account.filter(found -> HubspotProtocol.CRM.equals(found.crm()));
    }

    private Answer token(Account account, Map<String, String> form) {
        if (account == null) {
            return refused(400, "BAD_CLIENT_ID", "missing or unknown client id");
        }
        if (!SECRET.equals(form.get("client_secret"))) {
            return refused(400, "BAD_CLIENT_SECRET", "missing or invalid client secret");
        }
        return switch (form.getOrDefault("grant_type", "")) {
            case "refresh_token" ->
                account.refreshToken().equals(form.get("refresh_token"))
                        ? granted(account, account.refreshed())
                        : refused(400, "BAD_REFRESH_TOKEN", "missing or invalid refresh token");
            case "client_credentials" -> granted(account, null);
            default -> refused(400, "BAD_GRANT_TYPE", "missing or unknown grant type");
        };
    }

    private Answer granted(Account account, String refreshToken) {
        boolean journal = refreshToken == null;
        ObjectNode granted = Answers.JSON
                .createObjectNode()
                .put("token_type", "bearer")
                .put("access_token", tokens.issue(account, journal))
                .put("expires_in", account.sessionSeconds());
        if (!journal) {
            granted.put("refresh_token", refreshToken)
                    .put("hub_id", Resources.PORTAL)
                    .put("user_id", USER);
        }
        (journal ? JOURNAL_SCOPES : SCOPES).forEach(granted.putArray("scopes")::add);
        return Answers.json(200, granted);
    }

    private static Answer described(String text, OauthTokens.Token token) {
        ObjectNode described = Answers.JSON
                .createObjectNode()
                .put("token", text)
                .put("user", "sluice@example.org")
                .put("hub_domain", "sandbox.example.org")
                .put("hub_id", Resources.PORTAL)
                .put("app_id", Integer.parseInt(Origin.APP_ID))
                .put("expires_in", token.left())
                .put("user_id", USER)
                .put("token_type", "access");
        (token.journal() ? JOURNAL_SCOPES : SCOPES).forEach(described.putArray("scopes")::add);
        return Answers.json(200, described);
    }

    private static Answer refused(int status, String code, String message) {
        return Answers.json(
                status,
                Answers.JSON
                        .createObjectNode()
                        .put("status", code)
                        .put("message", message)
                        .put("correlationId", UUID.randomUUID().toString()));
    }

    private static Map<String, String> form(Call call) {
        Map<String, String> form = new HashMap<>();
        for (String pair : call.text().split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                form.put(
                        URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return form;
    }
}

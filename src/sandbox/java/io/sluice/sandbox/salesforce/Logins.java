// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Serves {@code /services/oauth2}: the authorize, token and revoke endpoints (<a
 * href="https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm">OAuth Authorization
 * Flows</a>). The client id names the account: {@code sluice} is the account {@code salesforce}, and {@code
 * sluice-NAME} the account NAME. Errors are 400 with {@code error} and {@code error_description}.
 */
final class Logins {

    private static final String CLIENT = "sluice";
    private static final String SECRET = "sluice";
    /** Maximum seconds until an assertion expires: five minutes, and 30 s for different clocks. */
    private static final long LONGEST_ASSERTION = 330;
    /** Threshold above which {@code exp} is in milliseconds. */
    private static final long MILLISECONDS = 100_000_000_000L;

    private static final Set<String> AUDIENCES = Set.of("https://login.salesforce.com", "https://test.salesforce.com");
    private static final String KEY = "/io/sluice/sandbox/jwt-public.pem";

    private final Accounts accounts;
    private final Sessions sessions;
    private final LongSupplier clockMicros;
    private final AuthorizationCodes codes;
    private final PublicKey key = publicKey();

    Logins(Accounts accounts, Sessions sessions, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.sessions = sessions;
        this.clockMicros = clockMicros;
        this.codes = new AuthorizationCodes(clockMicros);
    }

    /** Finds the account of a login; empty when its client id names none. */
    Optional<Account> account(Call call) {
        Map<String, String> form = form(call);
        String client = form.get("client_id");
        if (client == null && form.containsKey("assertion")) {
            client = claims(form.get("assertion"))
                    .map(c -> c.path("iss").asText())
                    .orElse(null);
        }
        if (client == null) {
            client = basicAuth(call).map(pair -> pair[0]).orElse(null);
        }
        if (CLIENT.equals(client)) {
            return accounts.find("salesforce");
        }
        return client != null && client.startsWith(CLIENT + "-")
                ? accounts.find(client.substring(CLIENT.length() + 1))
                : Optional.empty();
    }

    /**
     * Finds the account of a user who logs in by name and password: {@code sluice@example.org} belongs to the account
     * {@code salesforce}, and {@code sluice@example.org.NAME} to the account NAME, like the users of a vendor's
     * sandbox.
     */
    Optional<Account> accountOf(String username) {
        String name = SalesforceDefaults.API_USERNAME;
        if (username.equalsIgnoreCase(name)) {
            return accounts.find("salesforce");
        }
        return username.startsWith(name + ".")
                ? accounts.find(username.substring(name.length() + 1))
                : Optional.empty();
    }

    /** Whether this is the password, {@code sluice}, with no security token behind it. */
    static boolean passwordIsRight(String password) {
        return SECRET.equals(password);
    }

    Answer token(Account account, Call call) {
        Map<String, String> form = form(call);
        String grant = form.getOrDefault("grant_type", "");
        if (account == null) {
            return error("invalid_client_id", "client identifier invalid");
        }
        return switch (grant) {
            case "client_credentials" ->
                secretIsRight(call, form)
                        ? granted(account, call)
                        : error("invalid_client", "invalid client credentials");
            case "password" ->
                !secretIsRight(call, form)
                        ? error("invalid_client", "invalid client credentials")
                        : accountOf(form.getOrDefault("username", ""))
                                                .filter(account::equals)
                                                .isPresent()
                                        && passwordIsRight(form.get("password"))
                                ? granted(account, call)
                                : error("invalid_grant", "authentication failure");
            case "authorization_code" -> code(account, call, form);
            case "refresh_token" ->
                account.refreshToken().equals(form.get("refresh_token"))
                        ? refreshed(account, call)
                        : error("invalid_grant", "expired access/refresh token");
            case "urn:ietf:params:oauth:grant-type:jwt-bearer" -> jwt(account, call, form.get("assertion"));
            default -> error("unsupported_grant_type", "grant type not supported");
        };
    }

    Answer revoke(Call call) {
        String token = form(call).get("token");
        if (token == null || sessions.find(token).isEmpty()) {
            return error("unsupported_token_type", "this token type is not supported");
        }
        sessions.revoke(token);
        return Answer.empty(200);
    }

    /**
     * Starts the web server flow. Nobody is asked: the user is logged in and has approved the client. Redirects the
     * browser to the client with a code, as {@code response_type=code} asks.
     */
    Answer authorize(Account account, Call call) {
        Map<String, String> form = form(call);
        String redirect = form.get("redirect_uri");
        if (account == null || redirect == null || !redirect.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.+")) {
            return error(
                    account == null ? "invalid_client_id" : "redirect_uri_missing",
                    account == null ? "client identifier invalid" : "redirect_uri not provided");
        }
        boolean isCode = "code".equals(form.get("response_type"));
        String state = form.containsKey("state") ? "&state=" + encoded(form.get("state")) : "";
        String result = isCode
                ? "code=" + encoded(codes.issue(account, redirect, form.get("code_challenge")))
                : "error=unsupported_response_type&error_description=response+type+not+supported";
        return Answer.empty(302).with("Location", redirect + (redirect.contains("?") ? "&" : "?") + result + state);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private Answer code(Account account, Call call, Map<String, String> form) {
        boolean hasSecret = secretIsRight(call, form);
        boolean namesSecret =
                form.containsKey("client_secret") || basicAuth(call).isPresent();
        if (namesSecret && !hasSecret) {
            return error("invalid_client", "invalid client credentials");
        }
        try {
            boolean verified =
                    codes.redeem(account, form.get("code"), form.get("redirect_uri"), form.get("code_verifier"));
            return !verified && !hasSecret
                    ? error("invalid_client", "invalid client credentials")
                    : Answers.json(
                            200,
                            issued(account, call)
                                    .put("refresh_token", account.refreshToken())
                                    .put("scope", "refresh_token api"));
        } catch (RefusedException e) {
            return error(e.error().code(), e.error().message());
        }
    }

    private Answer granted(Account account, Call call) {
        return Answers.json(200, issued(account, call));
    }

    /** Answers an access token, and the new refresh token when the old one rotated. */
    private Answer refreshed(Account account, Call call) {
        ObjectNode token = issued(account, call);
        return Answers.json(
                200, account.option(Account.ROTATES_TOKENS) ? token.put("refresh_token", account.refreshed()) : token);
    }

    private ObjectNode issued(Account account, Call call) {
        String issuedAt = String.valueOf(clockMicros.getAsLong() / 1000);
        String id = Identities.url(call);
        ObjectNode token = Answers.JSON.createObjectNode();
        token.put("access_token", sessions.issue(account))
                .put("instance_url", call.origin())
                .put("id", id)
                .put("token_type", "Bearer")
                .put("issued_at", issuedAt)
                .put(
                        "signature",
                        Base64.getEncoder()
                                .encodeToString(Sessions.signature((id + issuedAt).getBytes(StandardCharsets.UTF_8))))
                .put("scope", "api");
        return token;
    }

    private Answer jwt(Account account, Call call, String assertion) {
        Optional<JsonNode> claims = assertion == null ? Optional.empty() : claims(assertion);
        if (claims.isEmpty() || !isSigned(assertion)) {
            return error("invalid_grant", "invalid assertion");
        }
        JsonNode claim = claims.get();
        long now = clockMicros.getAsLong() / 1_000_000;
        // camel-salesforce writes exp as a text
        long expires = claim.path("exp").asLong();
        // the vendor's own command line sends milliseconds there, and is let in (@salesforce/core, authInfo.ts)
        boolean isNear = expires > now && expires <= now + LONGEST_ASSERTION || expires > MILLISECONDS;
        if (!isNear) {
            return error("invalid_grant", "expired authorization code");
        }
        if (!SalesforceDefaults.API_USERNAME.equals(claim.path("sub").asText())) {
            return error("invalid_grant", "user hasn't approved this consumer");
        }
        if (!isAudience(claim.path("aud").asText(), call)) {
            return error("invalid_grant", "audience is invalid");
        }
        return granted(account, call);
    }

    /** Whether this is one of the vendor's login addresses, or the sandbox's own. */
    private static boolean isAudience(String audience, Call call) {
        return AUDIENCES.contains(audience.replaceFirst("/$", ""))
                || !audience.isEmpty() && host(audience).equals(host(call.origin()));
    }

    private static String host(String address) {
        return address.replaceFirst("^[a-z]+://", "").replaceFirst("[:/].*$", "");
    }

    private boolean isSigned(String assertion) {
        int dot = assertion.lastIndexOf('.');
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initVerify(key);
            signature.update(assertion.substring(0, dot).getBytes(StandardCharsets.US_ASCII));
            return signature.verify(Base64.getUrlDecoder().decode(assertion.substring(dot + 1)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static Optional<JsonNode> claims(String assertion) {
        String[] parts = assertion.split("\\.");
        try {
            return parts.length == 3
                    ? Optional.of(Answers.JSON.readTree(Base64.getUrlDecoder().decode(parts[1])))
                    : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean secretIsRight(Call call, Map<String, String> form) {
        String secret = form.containsKey("client_secret")
                ? form.get("client_secret")
                : basicAuth(call).map(pair -> pair[1]).orElse(null);
        return SECRET.equals(secret);
    }

    private static Optional<String[]> basicAuth(Call call) {
        String header = call.header("authorization");
        if (header == null || !header.startsWith("Basic ")) {
            return Optional.empty();
        }
        try {
            String pair = new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
            String[] parts = pair.split(":", 2);
            return parts.length == 2 ? Optional.of(parts) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Reads the parameters of the body and of the address: camel-salesforce revokes with the token in the address. */
    private static Map<String, String> form(Call call) {
        Map<String, String> form = new HashMap<>(call.query());
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

    private static Answer error(String error, String description) {
        return Answers.json(
                400, Answers.JSON.createObjectNode().put("error", error).put("error_description", description));
    }

    private static PublicKey publicKey() {
        try (InputStream in = Logins.class.getResourceAsStream(KEY)) {
            String pem =
                    new String(in.readAllBytes(), StandardCharsets.US_ASCII).replaceAll("-----[A-Z ]+-----|\\s", "");
            return KeyFactory.getInstance("RSA")
                    .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(pem)));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("The sandbox's own key can't be read.", e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Account;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Issues the codes of the web server flow (<a
 * href="https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm">OAuth 2.0 Web
 * Server Flow</a>). A code is valid once and for 15 minutes, at the redirect address it was issued to, and with the
 * verifier of its challenge.
 */
final class AuthorizationCodes {

    private static final long LIFE_MICROS = 15L * 60 * 1_000_000;
    private static final int MOST = 1000;

    private final LongSupplier clockMicros;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Code> codes = new LinkedHashMap<>();

    /** Holds an issued code. */
    private record Code(Account account, String redirect, String challenge, long micros, boolean used) {}

    AuthorizationCodes(LongSupplier clockMicros) {
        this.clockMicros = clockMicros;
    }

    /** @param challenge the SHA-256 of a verifier in base64url, or null */
    synchronized String issue(Account account, String redirect, String challenge) {
        byte[] bytes = new byte[24];
        random.nextBytes(bytes);
        String code = "aPrx" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        codes.put(code, new Code(account, redirect, challenge, clockMicros.getAsLong(), false));
        if (codes.size() > MOST) {
            codes.remove(codes.keySet().iterator().next());
        }
        return code;
    }

    /**
     * Redeems a code.
     *
     * @return whether it asked for a verifier, which stands in for the secret of a client that has none
     * @throws RefusedException with OAuth's error and its description
     */
    synchronized boolean redeem(Account account, String text, String redirect, String verifier) {
        Code code = text == null ? null : codes.get(text);
        if (code == null || code.used() || code.account() != account) {
            throw new RefusedException("invalid_grant", "invalid authorization code");
        }
        if (clockMicros.getAsLong() - code.micros() > LIFE_MICROS) {
            throw new RefusedException("invalid_grant", "expired authorization code");
        }
        if (!code.redirect().equals(redirect)) {
            throw new RefusedException("redirect_uri_mismatch", "redirect_uri must match configuration");
        }
        if (code.challenge() != null && !code.challenge().equals(verifier == null ? null : hash(verifier))) {
            throw new RefusedException("invalid_grant", "invalid code verifier");
        }
        codes.put(text, new Code(account, redirect, code.challenge(), code.micros(), true));
        return code.challenge() != null;
    }

    private static String hash(String verifier) {
        try {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(
                            MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256.", e);
        }
    }
}

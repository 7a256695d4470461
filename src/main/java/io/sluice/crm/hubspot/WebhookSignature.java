// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies that HubSpot signed a request with the secret of the app ("Validating requests from HubSpot"). Version 3 is
 * an HMAC over method, URI, body and time; versions 2 and 1 are hashes that never expire, so they count only where the
 * settings allow them.
 */
final class WebhookSignature {

    static final String SIGNATURE = "X-HubSpot-Signature";
    static final String VERSION = "X-HubSpot-Signature-Version";
    static final String SIGNATURE_V3 = "X-HubSpot-Signature-v3";
    static final String TIMESTAMP = "X-HubSpot-Request-Timestamp";

    static final Duration MAX_AGE = Duration.ofMinutes(5);

    /** Escapes that HubSpot decodes before it signs. */
    private static final Map<String, String> DECODED = Map.ofEntries(
            Map.entry("%3A", ":"),
            Map.entry("%2F", "/"),
            Map.entry("%3F", "?"),
            Map.entry("%40", "@"),
            Map.entry("%21", "!"),
            Map.entry("%24", "$"),
            Map.entry("%27", "'"),
            Map.entry("%28", "("),
            Map.entry("%29", ")"),
            Map.entry("%2A", "*"),
            Map.entry("%2C", ","),
            Map.entry("%3B", ";"));

    private static final Pattern ESCAPE = Pattern.compile("%[0-9A-Fa-f]{2}");

    private final String secret;
    private final Set<String> versions;

    /** @param versions the allowed versions: {@code v3}, {@code v2}, {@code v1} */
    WebhookSignature(String secret, Set<String> versions) {
        this.secret = secret;
        this.versions = Set.copyOf(versions);
    }

    /**
     * Holds the signed parts of a request.
     *
     * @param uri  the public URI that HubSpot called, with its query
     * @param body the bytes as received
     */
    record Request(String method, String uri, byte[] body) {}

    /**
     * Verifies a request.
     *
     * @param headers the headers; the case of their names does not matter
     * @return the reason why the request is rejected, in a word or two; null for a genuine request
     */
    String rejection(Request request, Map<String, String> headers, Instant now) {
        String third = headers.get(SIGNATURE_V3);
        if (third != null && versions.contains("v3")) {
            return third(request, third, headers.get(TIMESTAMP), now);
        }
        String older = headers.get(SIGNATURE);
        String version = headers.getOrDefault(VERSION, "v1").toLowerCase(Locale.ROOT);
        if (older == null || !versions.contains(version)) {
            return older == null && third == null ? "no signature" : "signature version";
        }
        byte[] signed =
                switch (version) {
                    case "v1" -> bytes(secret, "", "", request.body());
                    case "v2" -> bytes(secret, request.method(), request.uri(), request.body());
                    default -> null;
                };
        return signed != null && same(HexFormat.of().formatHex(sha256(signed)), older) ? null : "signature";
    }

    /** Returns the signature in these headers; of several, that of the newest version. */
    static String of(Map<String, String> headers) {
        return headers.getOrDefault(SIGNATURE_V3, headers.get(SIGNATURE));
    }

    private String third(Request request, String signature, String timestamp, Instant now) {
        if (timestamp == null || !timestamp.matches("\\d{1,15}")) {
            return "no time";
        }
        Duration age = Duration.between(Instant.ofEpochMilli(Long.parseLong(timestamp)), now)
                .abs();
        if (age.compareTo(MAX_AGE) > 0) {
            return "too old";
        }
        byte[] signed = concat(
                bytes(request.method(), decoded(request.uri()), "", request.body()),
                timestamp.getBytes(StandardCharsets.UTF_8));
        return same(Base64.getEncoder().encodeToString(hmac(signed)), signature) ? null : "signature";
    }

    static String decoded(String uri) {
        Matcher escapes = ESCAPE.matcher(uri);
        return escapes.replaceAll(escape -> Matcher.quoteReplacement(
                DECODED.getOrDefault(escape.group().toUpperCase(Locale.ROOT), escape.group())));
    }

    /** Compares in constant time, so that the duration does not show how much of a signature is right. */
    private static boolean same(String right, String given) {
        return MessageDigest.isEqual(right.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(String one, String two, String three, byte[] body) {
        return concat((one + two + three).getBytes(StandardCharsets.UTF_8), body);
    }

    private static byte[] concat(byte[] one, byte[] two) {
        byte[] both = java.util.Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, both, one.length, two.length);
        return both;
    }

    private byte[] hmac(byte[] signed) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(signed);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Every Java has HmacSHA256", impossible);
        }
    }

    private static byte[] sha256(byte[] signed) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(signed);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Every Java has SHA-256", impossible);
        }
    }
}

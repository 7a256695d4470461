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
 * Whether a request was signed by HubSpot with the secret of the app ("Validating requests from HubSpot"). Version 3 is
 * an HMAC over method, URI, body and time; 2 and 1 are hashes that hold for ever, so that they count only where a user
 * allows them.
 */
final class WebhookSignature {

    static final String SIGNATURE = "X-HubSpot-Signature";
    static final String VERSION = "X-HubSpot-Signature-Version";
    static final String SIGNATURE_V3 = "X-HubSpot-Signature-v3";
    static final String TIMESTAMP = "X-HubSpot-Request-Timestamp";

    static final Duration LONGEST_AGE = Duration.ofMinutes(5);

    /** The escapes that HubSpot takes back before it signs. */
    private static final Map<String, String> TAKEN_BACK = Map.ofEntries(Map.entry("%3A", ":"), Map.entry("%2F", "/"),
            Map.entry("%3F", "?"), Map.entry("%40", "@"), Map.entry("%21", "!"), Map.entry("%24", "$"),
            Map.entry("%27", "'"), Map.entry("%28", "("), Map.entry("%29", ")"), Map.entry("%2A", "*"),
            Map.entry("%2C", ","), Map.entry("%3B", ";"));
    private static final Pattern ESCAPE = Pattern.compile("%[0-9A-Fa-f]{2}");

    private final String secret;
    private final Set<String> versions;

    /** @param versions that are allowed: {@code v3}, {@code v2}, {@code v1} */
    WebhookSignature(String secret, Set<String> versions) {
        this.secret = secret;
        this.versions = Set.copyOf(versions);
    }

    /**
     * What was signed.
     *
     * @param uri  the public one, to which HubSpot sent it, with its query
     * @param body the bytes as they came
     */
    record Request(String method, String uri, byte[] body) {
    }

    /**
     * Judges a request.
     *
     * @param headers by names of which the case does not matter
     * @return why it is refused, in a word or two; null when it is good
     */
    String refusal(Request request, Map<String, String> headers, Instant now) {
        String third = headers.get(SIGNATURE_V3);
        if (third != null && versions.contains("v3")) {
            return third(request, third, headers.get(TIMESTAMP), now);
        }
        String older = headers.get(SIGNATURE);
        String version = headers.getOrDefault(VERSION, "v1").toLowerCase(Locale.ROOT);
        if (older == null || !versions.contains(version)) {
            return older == null && third == null ? "no signature" : "signature version";
        }
        byte[] signed = switch (version) {
            case "v1" -> bytes(secret, "", "", request.body());
            case "v2" -> bytes(secret, request.method(), request.uri(), request.body());
            default -> null;
        };
        return signed != null && same(HexFormat.of().formatHex(sha256(signed)), older) ? null : "signature";
    }

    /** The signature among these headers; of the newest version where there are several. */
    static String of(Map<String, String> headers) {
        return headers.getOrDefault(SIGNATURE_V3, headers.get(SIGNATURE));
    }

    private String third(Request request, String signature, String timestamp, Instant now) {
        if (timestamp == null || !timestamp.matches("\\d{1,15}")) {
            return "no time";
        }
        Duration age = Duration.between(Instant.ofEpochMilli(Long.parseLong(timestamp)), now).abs();
        if (age.compareTo(LONGEST_AGE) > 0) {
            return "too old";
        }
        byte[] signed = concat(bytes(request.method(), takenBack(request.uri()), "", request.body()),
                timestamp.getBytes(StandardCharsets.UTF_8));
        return same(Base64.getEncoder().encodeToString(hmac(signed)), signature) ? null : "signature";
    }

    static String takenBack(String uri) {
        Matcher escapes = ESCAPE.matcher(uri);
        return escapes.replaceAll(escape -> Matcher.quoteReplacement(
                TAKEN_BACK.getOrDefault(escape.group().toUpperCase(Locale.ROOT), escape.group())));
    }

    /** In a time that does not tell how much of it is right. */
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

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs requests as HubSpot does (<a
 * href="https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation">Validating
 * requests from HubSpot</a>).
 */
final class Signer {

    /** Escapes that HubSpot decodes in the address before it signs version 3. */
    private static final Pattern UNDONE =
            Pattern.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", Pattern.CASE_INSENSITIVE);

    private Signer() {}

    static Map<String, String> headers(Settings settings, String secret, byte[] body, long nowMillis) {
        Map<String, String> headers = new LinkedHashMap<>();
        String url = settings.targetUrl();
        String older = "v2".equals(settings.signatureVersion()) ? secret + "POST" + url : secret;
        headers.put("X-HubSpot-Signature", HexFormat.of().formatHex(sha256(older, body)));
        headers.put("X-HubSpot-Signature-Version", settings.signatureVersion());
        headers.put("X-HubSpot-Signature-v3", third(secret, url, body, nowMillis));
        headers.put("X-HubSpot-Request-Timestamp", Long.toString(nowMillis));
        return headers;
    }

    private static String third(String secret, String url, byte[] body, long nowMillis) {
        String plain = UNDONE.matcher(url)
                .replaceAll(escape ->
                        Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(1), 16))));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(utf8(secret), "HmacSHA256"));
            mac.update(utf8("POST" + plain));
            mac.update(body);
            mac.update(utf8(Long.toString(nowMillis)));
            return Base64.getEncoder().encodeToString(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] sha256(String first, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(utf8(first));
            return digest.digest(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

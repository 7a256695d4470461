// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class WebhookSignatureTest {

    private static final String SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    private static final Instant NOW = Instant.parse("2026-07-01T10:00:00Z");
    private static final String URI = "https://sync.example.org/webhooks/hubspot?team=a%2Fb&x=%26";

    private final WebhookSignature third = new WebhookSignature(SECRET, Set.of("v3"));
    private final WebhookSignature older = new WebhookSignature(SECRET, Set.of("v3", "v2", "v1"));

    private static Map<String, String> headers(String... pairs) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < pairs.length; i += 2) {
            headers.put(pairs[i], pairs[i + 1]);
        }
        return headers;
    }

    private static Map<String, String> second(String signature) {
        return headers("x-hubspot-signature", signature, "X-HubSpot-Signature-Version", "v2");
    }

    /** Signs as the vendor's documentation says, independently of the code under test. */
    private static String signed(String method, String decodedUri, byte[] body, String timestamp) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
        mac.update((method + decodedUri).getBytes(UTF_8));
        mac.update(body);
        mac.update(timestamp.getBytes(UTF_8));
        return Base64.getEncoder().encodeToString(mac.doFinal());
    }

    private static Map<String, String> third(String signature, String timestamp) {
        return headers("X-HubSpot-Signature-V3", signature, "X-HubSpot-Request-Timestamp", timestamp);
    }

    @Test
    void thePublishedExamplesOfVersion2AreGenuine() {
        assertThat(older.rejection(
                        new WebhookSignature.Request("GET", "https://www.example.com/webhook_uri", new byte[0]),
                        second("eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
                        NOW))
                .isNull();
        assertThat(older.rejection(
                        new WebhookSignature.Request(
                                "POST",
                                "https://www.example.com/webhook_uri",
                                "{\"example_field\":\"example_value\"}".getBytes(UTF_8)),
                        second("9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"),
                        NOW))
                .isNull();
    }

    @Test
    void version3CoversMethodUriBodyAndTime() throws Exception {
        byte[] body = "[{\"name\":\"Müller\"}]".getBytes(UTF_8);
        String at = Long.toString(NOW.minusSeconds(299).toEpochMilli());
        String signature = signed("POST", "https://sync.example.org/webhooks/hubspot?team=a/b&x=%26", body, at);

        assertThat(third.rejection(new WebhookSignature.Request("POST", URI, body), third(signature, at), NOW))
                .isNull();
        assertThat(third.rejection(new WebhookSignature.Request("PUT", URI, body), third(signature, at), NOW))
                .isEqualTo("signature");
        assertThat(third.rejection(new WebhookSignature.Request("POST", URI + "1", body), third(signature, at), NOW))
                .isEqualTo("signature");
        assertThat(third.rejection(new WebhookSignature.Request("POST", URI, body), third(signature, at + "0"), NOW))
                .isNotNull();
        assertThat(new WebhookSignature("another", Set.of("v3"))
                        .rejection(new WebhookSignature.Request("POST", URI, body), third(signature, at), NOW))
                .isEqualTo("signature");
    }

    @Test
    void aRequestIsValidForFiveMinutes() throws Exception {
        byte[] body = "[]".getBytes(UTF_8);
        for (long seconds : new long[] {-301, -299, 0, 299, 301}) {
            String at = Long.toString(NOW.plusSeconds(seconds).toEpochMilli());
            String signature = signed("POST", "https://a/b", body, at);
            assertThat(third.rejection(
                            new WebhookSignature.Request("POST", "https://a/b", body), third(signature, at), NOW))
                    .as(seconds + " s")
                    .isEqualTo(Math.abs(seconds) > 300 ? "too old" : null);
        }
        assertThat(third.rejection(
                        new WebhookSignature.Request("POST", "https://a/b", body), third("x", "yesterday"), NOW))
                .isEqualTo("no time");
    }

    @Test
    void anOlderVersionIsValidOnlyWhereAllowed() {
        WebhookSignature.Request request =
                new WebhookSignature.Request("GET", "https://www.example.com/webhook_uri", new byte[0]);
        assertThat(third.rejection(
                        request, second("eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"), NOW))
                .isEqualTo("signature version");
        assertThat(third.rejection(request, headers(), NOW)).isEqualTo("no signature");
        assertThat(older.rejection(
                        request, headers("X-HubSpot-Signature", "x", "X-HubSpot-Signature-Version", "v9"), NOW))
                .isEqualTo("signature version");
    }

    @Test
    void oneChangedByteIsDetected() throws Exception {
        byte[] body =
                "[{\"objectId\":1,\"propertyName\":\"email\",\"propertyValue\":\"a@example.org\"}]".getBytes(UTF_8);
        String at = Long.toString(NOW.toEpochMilli());
        String signature = signed("POST", "https://a/b", body, at);
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            byte[] other = body.clone();
            byte[] otherSignature = signature.getBytes(StandardCharsets.ISO_8859_1);
            if (random.nextBoolean()) {
                other[random.nextInt(other.length)] ^= (byte) (1 << random.nextInt(8));
            } else {
                otherSignature[random.nextInt(otherSignature.length)] ^= (byte) (1 + random.nextInt(127));
            }
            assertThat(third.rejection(
                            new WebhookSignature.Request("POST", "https://a/b", other),
                            third(new String(otherSignature, StandardCharsets.ISO_8859_1), at),
                            NOW))
                    .isEqualTo("signature");
        }
    }
}

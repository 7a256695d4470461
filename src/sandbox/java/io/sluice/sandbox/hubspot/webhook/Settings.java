// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

/**
 * Holds the address and the delivery settings of an app's webhooks.
 *
 * @param targetUrl             the public address, or null: then nothing is sent
 * @param maxConcurrentRequests that wait for an answer at once
 * @param secret                the app's client secret, which signs the requests
 * @param timeScale             how many times faster than HubSpot failed requests are tried again
 * @param batchMs               how long events are gathered for one request, in milliseconds
 * @param signatureVersion      of the older header beside version 3: v1 or v2
 */
public record Settings(
        String targetUrl,
        int maxConcurrentRequests,
        String secret,
        double timeScale,
        long batchMs,
        String signatureVersion) {

    static final Settings FIRST = new Settings(null, 10, "sandbox-secret", 1, 10, "v1");

    public Settings {
        if (targetUrl != null && !targetUrl.matches("https?://[^/?#]+([/?].*)?")) {
            throw new IllegalArgumentException("targetUrl is no address: " + targetUrl);
        }
        if (maxConcurrentRequests <= 5) {
            throw new IllegalArgumentException("maxConcurrentRequests must be more than 5.");
        }
        if (timeScale <= 0
                || batchMs < 1
                || secret == null
                || secret.isEmpty()
                || !"v1".equals(signatureVersion) && !"v2".equals(signatureVersion)) {
            throw new IllegalArgumentException("timeScale and batchMs are more than 0, the secret is not empty, and "
                    + "signatureVersion is v1 or v2.");
        }
    }
}

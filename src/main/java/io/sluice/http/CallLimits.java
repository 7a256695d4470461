// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;

/**
 * Limits what a called server can do to the caller: its answer has a maximum size and a maximum time. Redirects, cookies and
 * retries by the client are off: a retry would be a call that nobody counts.
 */
public final class CallLimits implements HttpClientConfigurer {

    private final long maxAnswer;

    /** @param maxAnswer the maximum size of an answer after decompression, in bytes */
    public CallLimits(long maxAnswer) {
        this.maxAnswer = maxAnswer;
    }

    @Override
    public void configureHttpClient(HttpClientBuilder builder) {
        builder.disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .addExecInterceptorFirst("size", new AnswerLimit(maxAnswer))
                .addExecInterceptorFirst("deadline", new CallDeadline());
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.concurrent.Cancellable;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.util.Timeout;

/**
 * Aborts a call when its response timeout is over. The client itself measures the silence between two packets with that
 * timeout, so a gateway that sends "102 Processing" or blanks while it works would hold a call open for longer than the
 * lease of its records, and a CRM would execute the call after a later one
 * (<a href="https://hc.apache.org/httpcomponents-client-5.5.x/current/httpclient5/apidocs/org/apache/hc/client5/http/config/RequestConfig.Builder.html">
 * RequestConfig</a>).
 */
final class CallDeadline implements ExecChainHandler {

    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "sluice-call-deadline");
        thread.setDaemon(true);
        return thread;
    });

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        Timeout timeout = scope.clientContext.getRequestConfigOrDefault().getResponseTimeout();
        if (timeout != null && timeout.isEnabled() && scope.originalRequest instanceof Cancellable call) {
            // the body is read after this method returns; to cancel a call that has ended does nothing
            TIMER.schedule(call::cancel, timeout.toMilliseconds(), TimeUnit.MILLISECONDS);
        }
        return chain.proceed(request, scope);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Outcome.Uncertainty;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLHandshakeException;

/** Decides what an answer without results proves about a write. */
public final class UnprovenAnswer {

    private UnprovenAnswer() {}

    /** Tells whether a call failed before its request could be sent, so that it certainly did nothing. */
    public static boolean neverSent(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause() == cause ? null : cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof UnknownHostException
                    || cause instanceof NoRouteToHostException
                    || cause instanceof SSLHandshakeException
                    || cause instanceof UnresolvedAddressException
                    || cause.getClass().getSimpleName().equals("ConnectTimeoutException")) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the uncertainty for an HTTP status. A gateway's answer (408, 502, 504) says nothing about the CRM, which
     * may still process the call, as after a missing answer. A CRM that failed (5xx) may have written before. A
     * rejection in the CRM's own format (4xx) proves that nothing was written, but one by an intermediary (a firewall's
     * page) does not.
     *
     * @param status HTTP status; 0 where no answer came
     * @param own    whether the answer is an error in the CRM's own format
     */
    public static Uncertainty of(int status, boolean own) {
        return switch (status) {
            case 0, 408, 502, 504 -> Uncertainty.UNANSWERED;
            case 401, 429 -> Uncertainty.NONE;
            default -> status >= 300 && status < 500 && (own || status < 400) ? Uncertainty.NONE : Uncertainty.UNPROVEN;
        };
    }
}

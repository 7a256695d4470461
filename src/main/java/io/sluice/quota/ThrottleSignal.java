// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;

/**
 * The CRM's statement that one of its limits is exceeded, although our count was below it.
 *
 * @param kind       kind of limit: {@value #DAILY}, {@value #SHORT}, {@value #CONCURRENT}, {@value #SEARCH},
 *                   {@value #BULK}, {@value #ACCESS} or {@value #SIGN_IN}
 * @param retryAfter time for which the CRM asks us to wait; zero when it names none
 */
public record ThrottleSignal(String kind, Duration retryAfter) {

    public static final String DAILY = "daily";
    public static final String SHORT = "short";
    public static final String CONCURRENT = "concurrent";
    public static final String SEARCH = "search";
    public static final String BULK = "bulk";

    /** No limit: the CRM rejects every call of the organisation. */
    public static final String ACCESS = "access";

    /** No limit: a login, or its session, is rejected. In a pool the other logins make the calls meanwhile. */
    public static final String SIGN_IN = "sign-in";

    /** Whether a limit is exceeded; otherwise access is rejected. */
    public boolean isLimit() {
        return !kind.equals(ACCESS) && !kind.equals(SIGN_IN);
    }
}

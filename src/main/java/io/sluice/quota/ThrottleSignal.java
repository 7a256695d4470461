package io.sluice.quota;

import java.time.Duration;

/**
 * A CRM's word that a limit of its own is spent, although we counted otherwise.
 *
 * @param kind       which limit: {@value #DAILY}, {@value #SHORT}, {@value #CONCURRENT}, {@value #SEARCH},
 *                   {@value #BULK}, {@value #ACCESS} or {@value #SIGN_IN}
 * @param retryAfter how long it asks us to wait; zero when it does not say
 */
public record ThrottleSignal(String kind, Duration retryAfter) {

    public static final String DAILY = "daily";
    public static final String SHORT = "short";
    public static final String CONCURRENT = "concurrent";
    public static final String SEARCH = "search";
    public static final String BULK = "bulk";

    /** No limit: the CRM lets nobody of the organisation call it, whatever is asked. */
    public static final String ACCESS = "access";

    /** No limit: a login, or its session, is not taken. Of one of several logins: the others make the calls meanwhile. */
    public static final String SIGN_IN = "sign-in";

    /** Whether a limit is spent; else the CRM does not let us in. */
    public boolean isLimit() {
        return !kind.equals(ACCESS) && !kind.equals(SIGN_IN);
    }
}

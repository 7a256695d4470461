package io.sluice.crm;

import java.net.URI;

/**
 * Answers that send a call elsewhere. None is followed: with the token it would show the token to another host, without it
 * the answer there says nothing. A CRM answers so when an account has moved to another name.
 */
public final class Redirects {

    private Redirects() {
    }

    /**
     * Says where an answer sends its call, or null where it is no redirect.
     *
     * @param location the header of that name, or null
     * @param asked    the address that was asked
     */
    public static String words(int status, String location, String asked) {
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            return null;
        }
        String host = host(location);
        return "HTTP " + status + ": " + host(asked) + " sends its calls " + (host == null ? "elsewhere" : "to " + host)
                + ", which is not followed. Has the account moved? Then set its address in application.properties to the new"
                + " one";
    }

    /** Host and port alone: what stands behind them may hold a secret. */
    private static String host(String address) {
        try {
            return address == null ? null : URI.create(address.strip()).getRawAuthority() == null ? null
                    : URI.create(address.strip()).getHost() + (URI.create(address.strip()).getPort() < 0 ? ""
                            : ":" + URI.create(address.strip()).getPort());
        } catch (IllegalArgumentException none) {
            return null;
        }
    }
}

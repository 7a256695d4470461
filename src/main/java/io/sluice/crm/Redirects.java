// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.net.URI;

/**
 * Describes answers that redirect a call. No redirect is followed: with the token it would disclose the token to
 * another host, and without the token the answer is useless. A CRM redirects when an account has moved to another name.
 */
public final class Redirects {

    private Redirects() {}

    /**
     * Returns a message with the target of a redirect, or null for any other answer.
     *
     * @param location the header of that name, or null
     * @param asked    the address that was called
     */
    public static String words(int status, String location, String asked) {
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            return null;
        }
        String host = host(location);
        return "HTTP " + status + ": " + host(asked) + " redirects "
                + (host == null ? "to another address" : "to " + host)
                + ", and redirects are not followed. If the account has moved, set its new address in"
                + " application.properties";
    }

    /** Returns host and port alone, since the rest of an address may hold a secret. */
    private static String host(String address) {
        try {
            return address == null
                    ? null
                    : URI.create(address.strip()).getRawAuthority() == null
                            ? null
                            : URI.create(address.strip()).getHost()
                                    + (URI.create(address.strip()).getPort() < 0
                                            ? ""
                                            : ":" + URI.create(address.strip()).getPort());
        } catch (IllegalArgumentException none) {
            return null;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import java.net.URI;
import java.util.Map;

/**
 * Names what an account subscribes to.
 *
 * @param address   host and port of Pub/Sub API
 * @param plaintext whether the connection is not encrypted
 * @param channel   channel of the events, as {@code /data/ChangeEvents}
 */
public record EventEndpoint(String address, boolean plaintext, String channel) {

    /** The address of all organisations ("Pub/Sub API Endpoints"). */
    static final String DEFAULT_ADDRESS = "api.pubsub.salesforce.com:7443";

    /** The channel of all selected objects. */
    static final String ALL_CHANGES = "/data/ChangeEvents";

    /**
     * Reads the settings of an account.
     *
     * @param settings settings {@code sluice.account.NAME.*} without the prefix
     * @throws IllegalArgumentException naming the wrong setting
     */
    public static EventEndpoint of(String account, Map<String, String> settings) {
        String address = setting(settings, "events-endpoint", DEFAULT_ADDRESS);
        if (!address.matches("[a-zA-Z0-9.-]+:\\d{1,5}")) {
            throw wrong(account, "events-endpoint", "must be a host and a port, such as " + DEFAULT_ADDRESS);
        }
        String channel = setting(settings, "events-channel", ALL_CHANGES);
        if (!channel.matches("/(data|event)/[a-zA-Z0-9_]+")) {
            throw wrong(account, "events-channel", "must be a channel, such as " + ALL_CHANGES);
        }
        String plaintext = setting(settings, "events-plaintext", "false");
        if (!plaintext.equals("true") && !plaintext.equals("false")) {
            throw wrong(account, "events-plaintext", "must be true or false, not '" + plaintext + "'");
        }
        if (plaintext.equals("true") && !isPlain(settings.getOrDefault("login-url", ""))) {
            throw wrong(
                    account,
                    "events-plaintext",
                    "is true, but login-url is encrypted: the token would be readable on its way. It is for the sandbox"
                            + " alone");
        }
        return new EventEndpoint(address, plaintext.equals("true"), channel);
    }

    private static boolean isPlain(String loginUrl) {
        try {
            return "http".equals(URI.create(loginUrl.strip()).getScheme());
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static String setting(Map<String, String> settings, String name, String otherwise) {
        String value = settings.getOrDefault(name, "").strip();
        return value.isEmpty() ? otherwise : value;
    }

    private static IllegalArgumentException wrong(String account, String setting, String what) {
        return new IllegalArgumentException(
                "application.properties: sluice.account." + account + "." + setting + " " + what);
    }

    /** Returns this endpoint with another channel, unless that is blank. */
    EventEndpoint channel(String other) {
        return other == null || other.isBlank() ? this : new EventEndpoint(address, plaintext, other.strip());
    }
}

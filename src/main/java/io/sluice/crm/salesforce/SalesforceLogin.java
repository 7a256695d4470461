// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.Suggestion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceLoginConfig;
import org.apache.camel.support.jsse.KeyStoreParameters;

/**
 * Configures a login, and lists the settings that each way to log in needs (OAuth Authorization Flows, Salesforce
 * Help).
 */
final class SalesforceLogin {

    private static final Map<AuthenticationType, List<String>> NEEDED = Map.of(
            AuthenticationType.CLIENT_CREDENTIALS,
            List.of("login-url", "client-id", "client-secret"),
            AuthenticationType.JWT,
            List.of("login-url", "client-id", "user-name", "jwt-keystore", "jwt-keystore-password"),
            AuthenticationType.REFRESH_TOKEN,
            List.of("login-url", "client-id", "refresh-token"),
            AuthenticationType.USERNAME_PASSWORD,
            List.of("login-url", "client-id", "client-secret", "user-name", "password"));

    private SalesforceLogin() {}

    /**
     * Configures the login of a component.
     *
     * @param login    the name of the login, for messages
     * @param settings the settings {@code sluice.account.NAME.*} without the prefix
     * @throws IllegalArgumentException naming the setting that is wrong or missing
     */
    static void configure(SalesforceComponent component, String login, Map<String, String> settings) {
        SalesforceLoginConfig config = new SalesforceLoginConfig();
        configure(config, login, settings);
        // a wrong password must not stop the start
        config.setLazyLogin(true);
        component.setLoginConfig(config);
    }

    /** Configures the login of a component that already has one. */
    static void configure(SalesforceLoginConfig component, String login, Map<String, String> settings) {
        AuthenticationType type = type(login, settings);
        for (String needed : NEEDED.get(type)) {
            if (settings.getOrDefault(needed, "").isBlank()) {
                throw wrong(
                        login,
                        needed,
                        "is missing; authentication-type " + settingName(type) + " needs "
                                + String.join(", ", NEEDED.get(type)));
            }
        }
        component.setType(type);
        component.setLoginUrl(settings.get("login-url"));
        component.setInstanceUrl(settings.get("instance-url"));
        component.setClientId(settings.get("client-id"));
        component.setClientSecret(settings.get("client-secret"));
        component.setRefreshToken(settings.get("refresh-token"));
        component.setUserName(settings.get("user-name"));
        component.setPassword(settings.get("password"));
        component.setJwtAudience(settings.get("jwt-audience"));
        if (settings.get("jwt-keystore") != null) {
            component.setKeystore(keystore(settings));
        }
    }

    private static KeyStoreParameters keystore(Map<String, String> settings) {
        String file = settings.get("jwt-keystore");
        KeyStoreParameters keystore = new KeyStoreParameters();
        keystore.setResource(file.matches("(file|classpath):.*") ? file : "file:" + file);
        keystore.setPassword(settings.get("jwt-keystore-password"));
        return keystore;
    }

    /** Returns the configured authentication type, or the one that the configured secrets imply. */
    private static AuthenticationType type(String login, Map<String, String> settings) {
        String named = settings.get("authentication-type");
        if (named == null) {
            return settings.containsKey("jwt-keystore")
                    ? AuthenticationType.JWT
                    : settings.containsKey("refresh-token")
                            ? AuthenticationType.REFRESH_TOKEN
                            : settings.containsKey("password")
                                    ? AuthenticationType.USERNAME_PASSWORD
                                    : AuthenticationType.CLIENT_CREDENTIALS;
        }
        return Arrays.stream(AuthenticationType.values())
                .filter(type -> settingName(type).equals(named))
                .findFirst()
                .orElseThrow(() -> wrong(
                        login,
                        "authentication-type",
                        "is '" + named + "'"
                                + Suggestion.hint(
                                        named,
                                        Arrays.stream(AuthenticationType.values())
                                                .map(SalesforceLogin::settingName)
                                                .toList())));
    }

    /**
     * Returns the name of the type: {@code client-credentials}, {@code jwt}, {@code refresh-token}, {@code
     * username-password}.
     */
    private static String settingName(AuthenticationType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static IllegalArgumentException wrong(String login, String setting, String what) {
        return new IllegalArgumentException(
                "application.properties: sluice.account." + login + "." + setting + " " + what);
    }
}

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

/** The settings of a login, and what each way to log in needs of them (OAuth Authorization Flows, Salesforce Help). */
final class SalesforceLogin {

    private static final Map<AuthenticationType, List<String>> NEEDED = Map.of(
            AuthenticationType.CLIENT_CREDENTIALS, List.of("login-url", "client-id", "client-secret"),
            AuthenticationType.JWT, List.of("login-url", "client-id", "user-name", "jwt-keystore", "jwt-keystore-password"),
            AuthenticationType.REFRESH_TOKEN, List.of("login-url", "client-id", "refresh-token"),
            AuthenticationType.USERNAME_PASSWORD,
            List.of("login-url", "client-id", "client-secret", "user-name", "password"));

    private SalesforceLogin() {
    }

    /**
     * Tells a component how to log in.
     *
     * @param login    its name, for messages
     * @param settings {@code sluice.account.NAME.*}, the prefix taken off
     * @throws IllegalArgumentException naming the setting that is wrong or missing
     */
    static void configure(SalesforceComponent component, String login, Map<String, String> settings) {
        SalesforceLoginConfig config = new SalesforceLoginConfig();
        configure(config, login, settings);
        // a wrong password must not stop the start
        config.setLazyLogin(true);
        component.setLoginConfig(config);
    }

    /** As above, of a component that has its login. */
    static void configure(SalesforceLoginConfig component, String login, Map<String, String> settings) {
        AuthenticationType type = type(login, settings);
        for (String needed : NEEDED.get(type)) {
            if (settings.getOrDefault(needed, "").isBlank()) {
                throw wrong(login, needed, "is missing; authentication-type " + word(type) + " needs "
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

    /** As the setting says, or as the secrets that are there leave no doubt about. */
    private static AuthenticationType type(String login, Map<String, String> settings) {
        String named = settings.get("authentication-type");
        if (named == null) {
            return settings.containsKey("jwt-keystore") ? AuthenticationType.JWT
                    : settings.containsKey("refresh-token") ? AuthenticationType.REFRESH_TOKEN
                    : settings.containsKey("password") ? AuthenticationType.USERNAME_PASSWORD
                    : AuthenticationType.CLIENT_CREDENTIALS;
        }
        return Arrays.stream(AuthenticationType.values()).filter(type -> word(type).equals(named)).findFirst()
                .orElseThrow(() -> wrong(login, "authentication-type", "is '" + named + "'" + Suggestion.hint(named,
                        Arrays.stream(AuthenticationType.values()).map(SalesforceLogin::word).toList())));
    }

    /** {@code client-credentials}, {@code jwt}, {@code refresh-token}, {@code username-password}. */
    private static String word(AuthenticationType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static IllegalArgumentException wrong(String login, String setting, String what) {
        return new IllegalArgumentException("application.properties: sluice.account." + login + "." + setting + " " + what);
    }
}

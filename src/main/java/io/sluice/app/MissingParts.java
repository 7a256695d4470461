// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.BeanRepository;
import org.apache.camel.support.DefaultRegistry;

/**
 * Answers for a part of Sluice that a Kamelet needs and nobody made: it names the setting that is missing, where Camel would
 * only say that it found no bean of that name. Camel asks it last.
 */
final class MissingParts implements BeanRepository {

    /** The names of the beans in the Kamelets. */
    private static final Pattern PARTS =
            Pattern.compile("permits|accountCircuitBreaker|bulkQuerySource|source(Poller|Keys|Records)"
                    + "|(salesforce|hubspot)(?!\\d)[A-Z]\\w+");

    private final Settings settings;

    static void nameIn(CamelContext context) {
        if (context.getRegistry() instanceof DefaultRegistry registry) {
            registry.addBeanRepository(new MissingParts(new Settings(context)));
        }
    }

    private MissingParts(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Object lookupByName(String name) {
        if (!PARTS.matcher(name).matches()) {
            return null;
        }
        if (settings.text("sluice.database.url", null) == null) {
            throw new RuntimeCamelException(
                    "The Kamelets of Sluice keep their limits in a database: set sluice.database.url in application.properties to"
                            + " its JDBC URL, such as jdbc:postgresql://db.example.org/crm, or to 'embedded' to try them");
        }
        String crm = name.startsWith("hubspot") ? "hubspot" : name.startsWith("salesforce") ? "salesforce" : null;
        Map<String, String> accounts = settings.below(AccountSettings.PREFIX);
        if (crm != null
                && accounts.entrySet().stream()
                        .noneMatch(it ->
                                it.getKey().endsWith(".crm") && it.getValue().equals(crm))) {
            throw new RuntimeCamelException(
                    "There is no account of " + crm + ": set sluice.account." + crm + ".crm = " + crm
                            + " in application.properties, with its login beside it ("
                            + (crm.equals("hubspot")
                                    ? "sluice.account.hubspot.access-token"
                                    : "sluice.account.salesforce.login-url, .client-id and .client-secret")
                            + ")");
        }
        return null;
    }

    @Override
    public <T> T lookupByNameAndType(String name, Class<T> type) {
        lookupByName(name);
        return null;
    }

    @Override
    public <T> Map<String, T> findByTypeWithName(Class<T> type) {
        return Map.of();
    }

    @Override
    public <T> Set<T> findByType(Class<T> type) {
        return Set.of();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.crm.Account;
import io.sluice.crm.hubspot.HubspotCrm;
import io.sluice.crm.salesforce.SalesforceCrm;
import io.sluice.quota.Limit;
import io.sluice.quota.PoolMember;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountSettingsTest {

    private static final Map<String, String> POOL = Map.of(
            "org.crm",
            "salesforce",
            "org.members",
            "org-1, org-reports",
            "org.limit.daily",
            "100 per 24h",
            "org.cost.search",
            "5",
            "org-1.crm",
            "salesforce",
            "org-1.limit.short",
            "10 per 10s",
            "org-reports.crm",
            "salesforce",
            "org-reports.use",
            "read");

    private static List<Account> accounts(Map<String, String> settings) {
        return new AccountSettings(settings, Map.of("salesforce", new SalesforceCrm())).accounts();
    }

    @Test
    void anAccountAloneIsAPoolOfItself() {
        assertThat(accounts(Map.of("org.crm", "salesforce", "org.limit.daily", "100 per 24h", "org.paused", "true")))
                .singleElement()
                .satisfies(account -> {
                    assertThat(account.paused()).isTrue();
                    assertThat(account.pool().members()).containsExactly(new PoolMember("org", List.of(), false));
                    assertThat(account.pool().shared()).containsExactly(Limit.parse("daily", "100 per 24h"));
                });
    }

    @ParameterizedTest
    @CsvSource({"'', true", "https://api.example.com, true", "http://127.0.0.1:8090, false"})
    void theSandboxsSecretIsRejectedForARealCrm(String url, boolean real) {
        AccountSettings settings = new AccountSettings(
                Map.of("org.crm", "hubspot", "org.url", url, "org.webhook-secret", "sandbox-secret"),
                Map.of("hubspot", new HubspotCrm()));
        if (real) {
            assertThatThrownBy(() -> settings.login("org"))
                    .hasMessageStartingWith(
                            "application.properties: sluice.account.org.webhook-secret is that of the sandbox");
        } else {
            assertThat(settings.login("org")).containsEntry("webhook-secret", "sandbox-secret");
        }
    }

    @Test
    void membersBelongToTheirPoolAndAreNoAccountsOfTheirOwn() {
        assertThat(accounts(POOL)).singleElement().satisfies(account -> {
            assertThat(account.name()).isEqualTo("org");
            assertThat(account.pool().shared()).extracting(Limit::name).containsExactly("daily");
            assertThat(account.pool().members())
                    .containsExactly(
                            new PoolMember("org-1", List.of(Limit.parse("short", "10 per 10s")), false),
                            new PoolMember("org-reports", List.of(), true));
            assertThat(account.pool().costs()).isEqualTo(Map.of("search", 5));
        });
    }

    @Test
    void aJournalIsFetchedWhereItIsAskedForAndThereIsOne() {
        assertThat(journals(Map.of("hub.crm", "hubspot", "hub.journal", "true", "other.crm", "hubspot")))
                .containsExactly("hub");
        assertThat(journals(Map.of("hub.crm", "hubspot"))).isEmpty();
        assertThatThrownBy(() -> journals(Map.of("org.crm", "salesforce", "org.journal", "true")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sluice.account.org.journal is true, but salesforce has none");
        assertThatThrownBy(() -> journals(
                        Map.of("hub.crm", "hubspot", "hub.journal", "true", "hub.members", "a", "a.crm", "hubspot")))
                .hasMessageContaining("sluice.account.hub.journal is true, but hub has members");
        assertThatThrownBy(() -> journals(Map.of("hub.crm", "hubspot", "hub.journal", "yes")))
                .hasMessageContaining("sluice.account.hub.journal must be true or false");
    }

    @Test
    void eventsAreReadWhereTheyAreAskedForAndThereAreSome() {
        assertThat(streams(Map.of("org.crm", "salesforce", "org.events", "true", "other.crm", "salesforce")))
                .containsExactly("org");
        assertThat(streams(Map.of("org.crm", "salesforce"))).isEmpty();
        assertThatThrownBy(() -> streams(Map.of("hub.crm", "hubspot", "hub.events", "true")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sluice.account.hub.events is true, but hubspot has none");
    }

    private static List<String> streams(Map<String, String> settings) {
        return new AccountSettings(settings, Map.of("salesforce", new SalesforceCrm(), "hubspot", new HubspotCrm()))
                .streams();
    }

    private static List<String> journals(Map<String, String> settings) {
        return new AccountSettings(settings, Map.of("salesforce", new SalesforceCrm(), "hubspot", new HubspotCrm()))
                .journals();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "org.members       | org-1, org-report | names 'org-report', but there is no such account; did you mean org-reports",
                "org-1.members     | org-reports       | names 'org-1', which has members itself",
                "org.crm           | salesfoce         | sluice.account.org.crm is 'salesfoce', but the CRMs are salesforce",
                "org-1.use         | read              | sluice.account.org.use leaves nobody who writes",
                "org-1.use         | reading           | sluice.account.org-1.use is 'reading', but must be 'all' or 'read'",
                "org.paused        | yes               | sluice.account.org.paused must be true or false, not 'yes'",
                "org.cost.search   | five              | sluice.account.org.cost.search must be a whole number of units",
                "org-1.limit.short | many              | sluice.account.org-1.limit.short: limit 'short' is 'many'"
            })
    void aWrongSettingIsReportedWithTheValidValues(String setting, String value, String message) {
        Map<String, String> settings = new TreeMap<>(POOL);
        settings.put(setting, value);

        assertThatThrownBy(() -> accounts(settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("application.properties: ")
                .hasMessageContaining(message);
    }
}

package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.jsse.KeyStoreParameters;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/** The vendor's protocol as Apache Camel's own Salesforce component speaks it. */
class CamelSalesforceTest extends SandboxTestBase {

    private CamelContext camel;
    private ProducerTemplate template;

    @AfterEach
    void stopCamel() {
        camel.stop();
    }

    @Test
    void camelLogsInByClientCredentialsAndAsksRaw() {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        crm.upsertContacts(contact("C-1", "One"));
        Exchange answer = template.request("salesforce:raw?rawMethod=GET&rawQueryParameters=q&rawPath="
                + API + "/query", exchange -> exchange.getMessage().setHeader("q",
                        "SELECT Id, LastName FROM Contact WHERE Customer_No__c = 'C-1'"));
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody(String.class)).contains("\"totalSize\":1", "\"LastName\":\"One\"");
        assertThat(answer.getMessage().getHeader("Sforce-Limit-Info")).isEqualTo("api-usage=2/15000");
    }

    @Test
    void camelUpsertsACollection() {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        Object results = template.requestBody("salesforce:compositeUpsertSObjectCollections?sObjectName=Contact"
                + "&sObjectIdName=Customer_No__c", List.of(
                        Map.of("attributes", Map.of("type", "Contact"), "Customer_No__c", "C-1", "LastName", "One"),
                        Map.of("attributes", Map.of("type", "Contact"), "Customer_No__c", "C-2", "LastName", "Two")));
        assertThat((List<?>) results).hasSize(2);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt()).isEqualTo(2);
    }

    @Test
    void camelLogsInByJwtWithTheShippedKeyStore() {
        startCamel(AuthenticationType.JWT);
        assertThat(template.requestBody("salesforce:limits", null, Object.class)).isNotNull();
    }

    @Test
    void camelLogsInAgainWhenItsTokenExpired() {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        template.requestBody("salesforce:limits", null, Object.class);
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        assertThat(template.requestBody("salesforce:limits", null, Object.class)).isNotNull();
        assertThat(crm.referee().path("unauthorized").asInt()).isOne();
    }

    private void startCamel(AuthenticationType type) {
        camel = new DefaultCamelContext();
        SalesforceComponent component = new SalesforceComponent();
        component.setLoginUrl(crm.base());
        component.setClientId("sluice");
        component.setAuthenticationType(type);
        component.setLazyLogin(true);
        SalesforceEndpointConfig config = new SalesforceEndpointConfig();
        config.setApiVersion("62.0");
        component.setConfig(config);
        if (type == AuthenticationType.JWT) {
            KeyStoreParameters keystore = new KeyStoreParameters();
            keystore.setResource("classpath:/io/sluice/sandbox/jwt.p12");
            keystore.setPassword("sandbox");
            component.setKeystore(keystore);
            component.setUserName("sluice@example.org");
        } else {
            component.setClientSecret("sluice");
        }
        camel.addComponent("salesforce", component);
        camel.start();
        template = camel.createProducerTemplate();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.component.salesforce.api.dto.bulkv2.Job;
import org.apache.camel.component.salesforce.api.dto.bulkv2.JobStateEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.Jobs;
import org.apache.camel.component.salesforce.api.dto.bulkv2.OperationEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.QueryJob;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
        Exchange answer = template.request(
                "salesforce:raw?rawMethod=GET&rawQueryParameters=q&rawPath=" + API + "/query",
                exchange -> exchange.getMessage()
                        .setHeader("q", "SELECT Id, LastName FROM Contact WHERE Customer_No__c = 'C-1'"));
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody(String.class)).contains("\"totalSize\":1", "\"LastName\":\"One\"");
        assertThat(answer.getMessage().getHeader("Sforce-Limit-Info")).isEqualTo("api-usage=2/15000");
    }

    @Test
    void camelUpsertsACollection() {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        Object results = template.requestBody(
                "salesforce:compositeUpsertSObjectCollections?sObjectName=Contact" + "&sObjectIdName=Customer_No__c",
                List.of(
                        Map.of("attributes", Map.of("type", "Contact"), "Customer_No__c", "C-1", "LastName", "One"),
                        Map.of("attributes", Map.of("type", "Contact"), "Customer_No__c", "C-2", "LastName", "Two")));
        assertThat((List<?>) results).hasSize(2);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isEqualTo(2);
    }

    @Test
    void camelLogsInByJwtWithTheShippedKeyStore() {
        startCamel(AuthenticationType.JWT);
        assertThat(template.requestBody("salesforce:limits", null, Object.class))
                .isNotNull();
    }

    @Test
    void camelLogsInAgainWhenItsTokenExpired() {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        template.requestBody("salesforce:limits", null, Object.class);
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        assertThat(template.requestBody("salesforce:limits", null, Object.class))
                .isNotNull();
        assertThat(crm.referee().path("unauthorized").asInt()).isOne();
    }

    @Test
    void camelDoesAJobInBulk() throws IOException {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        Job asked = new Job();
        asked.setObject("Contact");
        asked.setOperation(OperationEnum.UPSERT);
        asked.setExternalIdFieldName("Customer_No__c");
        String id = template.requestBody("salesforce:bulk2CreateJob", asked, Job.class)
                .getId();
        template.requestBodyAndHeader(
                "salesforce:bulk2CreateBatch", "Customer_No__c,LastName\nC-1,One\n,Two\n", "jobId", id);
        assertThat(template.requestBody("salesforce:bulk2CloseJob?jobId=" + id, null, Job.class)
                        .getState())
                .isEqualTo(JobStateEnum.UPLOAD_COMPLETE);
        Job done = await().until(
                        () -> template.requestBody("salesforce:bulk2GetJob?jobId=" + id, null, Job.class),
                        job -> job.getState() == JobStateEnum.JOB_COMPLETE);
        assertThat(done.getNumberRecordsProcessed()).isEqualTo(2);
        assertThat(done.getNumberRecordsFailed()).isOne();
        assertThat(text("bulk2GetSuccessfulResults?jobId=" + id)).contains("\"C-1\",\"One\"");
        assertThat(text("bulk2GetFailedResults?jobId=" + id)).contains("MISSING_ARGUMENT:");
        assertThat(text("bulk2GetUnprocessedRecords?jobId=" + id)).startsWith("\"Customer_No__c\"");
        assertThat(template.requestBody("salesforce:bulk2GetAllJobs", null, Jobs.class)
                        .getRecords())
                .hasSize(1);
        template.requestBody("salesforce:bulk2DeleteJob?jobId=" + id, (Object) null);
        assertThat(template.requestBody("salesforce:bulk2GetAllJobs", null, Jobs.class)
                        .getRecords())
                .isEmpty();
    }

    @Test
    void camelQueriesInBulk() throws IOException {
        startCamel(AuthenticationType.CLIENT_CREDENTIALS);
        crm.upsertContacts(contact("C-1", "One"));
        QueryJob asked = new QueryJob();
        asked.setOperation(OperationEnum.QUERY);
        asked.setQuery("SELECT Customer_No__c, LastName FROM Contact");
        String id = template.requestBody("salesforce:bulk2CreateQueryJob", asked, QueryJob.class)
                .getId();
        await().until(() -> template.requestBody("salesforce:bulk2GetQueryJob?jobId=" + id, null, QueryJob.class)
                        .getState()
                == JobStateEnum.JOB_COMPLETE);
        assertThat(text("bulk2GetQueryJobResults?jobId=" + id))
                .isEqualTo("\"Customer_No__c\",\"LastName\"\n" + "\"C-1\",\"One\"\n");
    }

    private String text(String operation) throws IOException {
        try (InputStream in = template.requestBody("salesforce:" + operation, null, InputStream.class)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
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

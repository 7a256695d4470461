// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.inputs;
import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests that values, keys, errors and ids are stored, normalised and shown as the vendors do it. */
class FidelityTest {

    private static final String API = SalesforceClient.API;
    private static final String CONTACTS = HubspotClient.CONTACTS;
    private static final String USER = "/sandbox/records/hubspot/contacts";

    private Sandbox sandbox;
    private SalesforceClient salesforce;
    private HubspotClient hubspot;

    @BeforeEach
    void start() {
        sandbox = Sandbox.start("127.0.0.1", 0);
        salesforce = new SalesforceClient(sandbox.port()).login();
        hubspot = new HubspotClient(sandbox.port());
    }

    @AfterEach
    void stop() {
        sandbox.close();
    }

    @Test
    void aMomentIsKeptInWholeSeconds() {
        field("Contact", "Seen__c", "{\"type\":\"datetime\"}");
        assertThat(kept("\"Seen__c\":\"2026-11-28T12:00:00.999999Z\"")
                        .path("Seen__c")
                        .asText())
                .isEqualTo("2026-11-28T12:00:00.000+0000");
        assertThat(kept("\"Seen__c\":\"1969-12-31T23:59:59.5Z\"")
                        .path("Seen__c")
                        .asText())
                .isEqualTo("1969-12-31T23:59:59.000+0000");
    }

    @Test
    void aTimeOfDayKeepsItsMilliseconds() {
        field("Contact", "Opens__c", "{\"type\":\"time\"}");
        assertThat(kept("\"Opens__c\":\"08:30:00.125Z\"").path("Opens__c").asText())
                .isEqualTo("08:30:00.125Z");
    }

    @Test
    void aNumberKeepsMoreDecimalsThanItsScaleShowsAndNoMoreDigitsThanItHas() {
        field("Contact", "Score__c", "{\"type\":\"double\",\"scale\":2}");
        assertThat(kept("\"Score__c\":12.3456").path("Score__c").asDouble()).isEqualTo(12.3456);
        assertThat(salesforce
                        .upsertContacts(contact("C-1", "x") + ",\"Score__c\":1e16")
                        .text())
                .contains("NUMBER_OUTSIDE_VALID_RANGE");
    }

    @Test
    void blanksAroundATextAreTrimmedAndNullTurnsACheckboxOff() {
        JsonNode kept = kept("\"Title\":\"  Dr. \",\"Newsletter__c\":true");
        assertThat(kept.path("Title").asText()).isEqualTo("Dr.");
        assertThat(kept("\"Newsletter__c\":null").path("Newsletter__c").isBoolean())
                .isTrue();
        assertThat(kept("\"Newsletter__c\":null").path("Newsletter__c").asBoolean())
                .isFalse();
    }

    @Test
    void anExternalIdIsOneWithoutRegardToCaseAndBlanks() {
        String id = upserted(contact("ab-1", "x")).path("id").asText();
        JsonNode other = upserted(contact("  AB-1 ", "y"));
        assertThat(other.path("id").asText()).isEqualTo(id);
        assertThat(other.path("created").asBoolean()).isFalse();
        SalesforceClient.Reply twice = salesforce.post(API + "/sobjects/Contact", "{" + contact("Ab-1", "z") + "}");
        assertThat(twice.errorCode()).isEqualTo("DUPLICATE_VALUE");
    }

    @Test
    void aNumericExternalIdComesBackWithADecimal() {
        field("Contact", "Number__c", "{\"type\":\"double\",\"scale\":0,\"externalId\":true,\"unique\":true}");
        for (String number : List.of("7", "12000000")) {
            salesforce.patch(
                    API + "/composite/sobjects/Contact/Number__c",
                    SalesforceClient.records("Contact", false, "\"LastName\":\"x\",\"Number__c\":" + number));
        }
        assertThat(salesforce.query("SELECT Number__c FROM Contact").text()).contains("7.0", "1.2E7");
    }

    @Test
    void aRestrictedPicklistTakesItsValuesAloneAndDescribesThem() {
        field("Contact", "Level__c", "{\"type\":\"picklist\",\"options\":[\"gold\",\"silver\"]}");
        assertThat(salesforce
                        .upsertContacts(contact("C-1", "x") + ",\"Level__c\":\"lead\"")
                        .text())
                .contains("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
        assertThat(kept("\"Level__c\":\"gold\"").path("Level__c").asText()).isEqualTo("gold");
        JsonNode described = StreamSupport.stream(
                        salesforce
                                .get(API + "/sobjects/Contact/describe")
                                .json()
                                .path("fields")
                                .spliterator(),
                        false)
                .filter(one -> "Level__c".equals(one.path("name").asText()))
                .findFirst()
                .orElseThrow();
        assertThat(described.path("restrictedPicklist").asBoolean()).isTrue();
        assertThat(described.path("picklistValues").findValuesAsText("value")).containsExactly("gold", "silver");
    }

    @Test
    void anUpdateByAnExternalIdCanRefuseToCreate() {
        String path = API + "/sobjects/Contact/Customer_No__c/C-1?updateOnly=true";
        assertThat(salesforce.patch(path, "{\"LastName\":\"x\"}").status()).isEqualTo(404);
        assertThat(salesforce.referee().at("/recordsByObject/Contact").asInt()).isZero();
        upserted(contact("C-1", "x"));
        assertThat(salesforce
                        .patch(path, "{\"LastName\":\"y\"}")
                        .json()
                        .path("created")
                        .asBoolean(true))
                .isFalse();
    }

    @Test
    void aDeletedRecordSaysSoToAWriteByItsId() {
        String id = upserted(contact("C-1", "x")).path("id").asText();
        salesforce.delete("/sandbox/records/salesforce/Contact/C-1");
        JsonNode row = salesforce
                .patch(
                        API + "/composite/sobjects",
                        "{\"records\":[{\"attributes\":{\"type\":\"Contact\"}," + "\"id\":\"" + id
                                + "\",\"LastName\":\"y\"}]}")
                .json()
                .path(0);
        assertThat(row.at("/errors/0/statusCode").asText()).isEqualTo("ENTITY_IS_DELETED");
        assertThat(salesforce
                        .patch(API + "/sobjects/Contact/" + id, "{\"LastName\":\"y\"}")
                        .errorCode())
                .isEqualTo("ENTITY_IS_DELETED");
        JsonNode created = upserted(contact("C-1", "z"));
        assertThat(created.path("created").asBoolean()).isTrue();
        assertThat(created.path("id").asText()).isNotEqualTo(id);
    }

    @Test
    void aBatchUpdateShowsWhichRecordsAreNotThere() {
        String here = made("C-1", "");
        String gone = made("C-2", "");
        hubspot.delete(USER + "/C-2");
        HubspotClient.Reply reply = hubspot.post(
                CONTACTS + "/batch/update",
                inputs(
                        "{\"id\":\"" + here + "\",\"properties\":{\"city\":\"Ulm\"}}",
                        "{\"id\":\"" + gone + "\",\"properties\":{\"city\":\"Ulm\"}}"));
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().path("results")).hasSize(1);
        assertThat(reply.json().at("/errors/0/category").asText()).isEqualTo("OBJECT_NOT_FOUND");
        assertThat(reply.json().at("/errors/0/context/ids/0").asText()).isEqualTo(gone);
        HubspotClient.Reply alone = hubspot.patch(CONTACTS + "/" + gone, "{\"properties\":{\"city\":\"Ulm\"}}");
        assertThat(alone.status()).isEqualTo(404);
        JsonNode created =
                hubspot.upsertContacts(HubspotClient.contact("C-2", "")).json().at("/results/0");
        assertThat(created.path("new").asBoolean()).isTrue();
        assertThat(created.path("id").asText()).isNotEqualTo(gone);
        assertThat(hubspot.upsertContacts(HubspotClient.contact("C-2", ""))
                        .json()
                        .at("/results/0/new")
                        .asBoolean())
                .isFalse();
    }

    @Test
    void anOptionThatIsNoneIsRefusedAndTheOptionsAreReported() {
        HubspotClient.Reply reply =
                hubspot.post("/crm/v3/objects/deals", "{\"properties\":{\"dealstage\":\"Closed Won\"}}");
        assertThat(reply.status()).isEqualTo(400);
        String message = reply.json().path("message").asText();
        assertThat(message).startsWith("Property values were not valid: [{\"isValid\":false");
        JsonNode wrong = new SalesforceClient.Reply(0, message.substring(message.indexOf('[')), null)
                .json()
                .path(0);
        assertThat(wrong.path("error").asText()).isEqualTo("INVALID_OPTION");
        assertThat(wrong.path("name").asText()).isEqualTo("dealstage");
        assertThat(hubspot.post("/crm/v3/objects/deals", "{\"properties\":{\"dealstage\":\"closedwon\"}}")
                        .status())
                .isEqualTo(201);
        assertThat(hubspot.get("/crm/properties/2026-09/deals/dealstage")
                        .json()
                        .path("options")
                        .findValuesAsText("value"))
                .contains("closedwon", "contractsent");
    }

    @Test
    void aLifecycleStageGoesBackOnlyWhenItIsClearedFirst() {
        String id = made("C-1", "\"lifecyclestage\":\"customer\"");
        assertThat(property(id, "lifecyclestage", "lead")).isEqualTo("customer");
        assertThat(property(id, "lifecyclestage", "evangelist")).isEqualTo("evangelist");
        assertThat(property(id, "lifecyclestage", "")).isEqualTo("");
        assertThat(property(id, "lifecyclestage", "lead")).isEqualTo("lead");
    }

    @Test
    void anEmailIsKeptInLowerCaseAndFoundInAny() {
        String id = made("C-1", "\"email\":\" Ann@Example.ORG \"");
        JsonNode read = hubspot.get("/crm/objects/2026-09/contacts/ANN@example.org?idProperty=email&properties=email")
                .json();
        assertThat(read.path("id").asText()).isEqualTo(id);
        assertThat(read.at("/properties/email").asText()).isEqualTo("ann@example.org");
    }

    @Test
    void propertiesMayBeNamedOneByOneOrTogether() {
        String id = made("C-1", "\"city\":\"Ulm\",\"phone\":\"5\"");
        for (String names :
                List.of("properties=city&properties=phone", "properties=city,phone", "properties=city%2Cphone")) {
            JsonNode read =
                    hubspot.get(CONTACTS + "/" + id + "?" + names).json().path("properties");
            assertThat(read.path("city").asText()).as(names).isEqualTo("Ulm");
            assertThat(read.path("phone").asText()).as(names).isEqualTo("5");
        }
    }

    @Test
    void everyPolicyOfTooManyRequestsCanBeAnswered() {
        for (String policy : List.of("TEN_SECONDLY_ROLLING", "DAILY", "SECONDLY")) {
            String limit =
                    "TEN_SECONDLY_ROLLING".equals(policy) ? "tenSecondly" : policy.toLowerCase(java.util.Locale.ROOT);
            hubspot.post(
                    "/sandbox/faults/hubspot",
                    "{\"kind\":\"refuse\",\"operation\":\"batchUpsert\",\"limit\":\"" + limit + "\",\"count\":1}");
            HubspotClient.Reply refused = hubspot.upsertContacts(1, 1);
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.json().path("policyName").asText()).isEqualTo(policy);
        }
    }

    @Test
    void aMergeMayMakeANewRecordAndDeletesBothBefore() throws Exception {
        hubspot.put("/sandbox/limits/hubspot", "{\"options\":{\"mergeMintsId\":true}}");
        String primary = made("C-1", "\"city\":\"Ulm\"");
        String other = made("C-2", "\"phone\":\"5\"");
        try (WebhookReceiver receiver = new WebhookReceiver()) {
            hubspot.put(
                    "/sandbox/webhooks/hubspot",
                    "{\"targetUrl\":\"" + receiver.url() + "\",\"subscribe\":[\"contacts\"],\"batchMs\":300}");
            hubspot.post(USER + "/" + primary, "{\"objectIdToMerge\":\"" + other + "\"}");
            org.awaitility.Awaitility.await()
                    .until(() -> receiver.events().stream().anyMatch(event -> event.has("newObjectId")));
            List<JsonNode> events = new ArrayList<>(receiver.events());
            JsonNode merge = events.stream()
                    .filter(event -> event.has("newObjectId"))
                    .findFirst()
                    .orElseThrow();
            String made = merge.path("newObjectId").asText();
            assertThat(made).isNotIn(primary, other);
            assertThat(merge.path("primaryObjectId").asText()).isEqualTo(primary);
            assertThat(events.stream()
                            .map(event -> event.path("subscriptionType").asText())
                            .distinct()
                            .collect(Collectors.toList()))
                    .containsExactlyInAnyOrder("contact.deletion", "contact.merge");
            JsonNode properties = hubspot.get(CONTACTS + "/" + made + "?properties=city,phone,customer_no")
                    .json()
                    .path("properties");
            assertThat(properties.path("city").asText()).isEqualTo("Ulm");
            assertThat(properties.path("phone").asText()).isEqualTo("5");
            assertThat(properties.path("customer_no").asText()).isEqualTo("C-1");
            assertThat(hubspot.get(CONTACTS + "/" + other).json().path("id").asText())
                    .isEqualTo(made);
        }
    }

    @Test
    void refreshTokensMayRotate() {
        for (String account : List.of("salesforce", "hubspot")) {
            hubspot.put("/sandbox/limits/" + account, "{\"options\":{\"rotateRefreshTokens\":true}}");
        }
        String grant = "grant_type=refresh_token&client_id=sluice&client_secret=sluice&refresh_token=";
        String next = salesforce
                .form(grant + "refresh-salesforce")
                .json()
                .path("refresh_token")
                .asText();
        assertThat(salesforce.form(grant + "refresh-salesforce").status()).isEqualTo(400);
        assertThat(salesforce.form(grant + next).status()).isEqualTo(200);
        String token = hubspot.post("/oauth/v1/token", grant + "refresh-hubspot")
                .json()
                .path("refresh_token")
                .asText();
        assertThat(hubspot.post("/oauth/v1/token", grant + "refresh-hubspot").status())
                .isEqualTo(400);
        assertThat(hubspot.post("/oauth/v1/token", grant + token).status()).isEqualTo(200);
        assertThat(hubspot.put("/sandbox/limits/hubspot", "{\"options\":{\"rotate\":true}}")
                        .status())
                .isEqualTo(400);
    }

    private void field(String object, String name, String spec) {
        assertThat(salesforce
                        .put("/sandbox/fields/salesforce/" + object + "/" + name, spec)
                        .status())
                .isEqualTo(200);
    }

    private JsonNode upserted(String fields) {
        JsonNode row = salesforce.upsertContacts(fields).json().path(0);
        assertThat(row.path("success").asBoolean()).as("%s", row).isTrue();
        return row;
    }

    private JsonNode kept(String fields) {
        upserted(contact("C-1", "x") + "," + fields);
        return salesforce.get(API + "/sobjects/Contact/Customer_No__c/C-1").json();
    }

    private String made(String number, String properties) {
        return hubspot.upsertContacts(HubspotClient.contact(number, properties))
                .json()
                .at("/results/0/id")
                .asText();
    }

    private String property(String id, String name, String value) {
        hubspot.patch(CONTACTS + "/" + id, "{\"properties\":{\"" + name + "\":\"" + value + "\"}}");
        return hubspot.get(CONTACTS + "/" + id + "?properties=" + name)
                .json()
                .path("properties")
                .path(name)
                .asText("")
                .replace("null", "");
    }
}

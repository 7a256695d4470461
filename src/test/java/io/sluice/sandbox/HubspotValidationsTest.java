// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the rules by which the admins of a portal restrict the values of properties. */
class HubspotValidationsTest extends HubspotTestBase {

    private static final String RULES = "/crm/v3/property-validations/";
    private static final String AUTOMATIONS = "/sandbox/automations/hubspot";

    private HubspotClient.Reply rule(String property, String rule, String arguments) {
        return crm.put(RULES + "0-1/" + property + "/rule-type/" + rule, "{\"ruleArguments\":[" + arguments + "]}");
    }

    private static JsonNode values(JsonNode error) throws Exception {
        String message = error.path("message").asText();
        assertThat(message).startsWith("Property values were not valid: [");
        return HubspotClient.JSON.readTree(message.substring(message.indexOf('[')));
    }

    private HubspotClient.Reply create(String properties) {
        return crm.post(CONTACTS, "{\"properties\":{" + properties + "}}");
    }

    @Test
    void anAdminsRulesAreSetAndShown() {
        assertThat(crm.get(RULES + "0-1").json().path("results")).isEmpty();
        assertThat(rule("zip", "ALPHANUMERIC", "\"NUMERIC_ONLY\"").status()).isEqualTo(204);
        assertThat(rule("zip", "MAX_LENGTH", "\"10\"").status()).isEqualTo(204);
        assertThat(rule("zip", "MAX_LENGTH", "\"8\"").status()).isEqualTo(204);
        JsonNode all =
                crm.get("/crm/property-validations/2026-09/contacts").json().path("results");
        assertThat(all).hasSize(1);
        assertThat(all.at("/0/propertyName").asText()).isEqualTo("zip");
        assertThat(all.at("/0/propertyValidationRules").findValuesAsText("ruleType"))
                .containsExactly("ALPHANUMERIC", "MAX_LENGTH");
        JsonNode length = crm.get(RULES + "0-1/zip").json().at("/results/1");
        assertThat(length.at("/ruleArguments/0").asText()).isEqualTo("8");
        assertThat(crm.get(RULES + "0-1/zip/rule-type/MAX_LENGTH").json()).isEqualTo(length);
        assertThat(crm.get(RULES + "0-1/zip/rule-type/REGEX").status()).isEqualTo(404);
    }

    @Test
    void aRuleThatCannotBeIsRejected() {
        assertThat(rule("zip", "MAX_NUMBER", "\"1\"").json().path("message").asText())
                .contains("MAX_NUMBER", "string");
        assertThat(rule("zip", "MAX_LENGTH", "\"many\"").status()).isEqualTo(400);
        assertThat(rule("zip", "MAX_LENGTH", "").status()).isEqualTo(400);
        assertThat(rule("zip", "REGEX", "\"[\",\"m\"").status()).isEqualTo(400);
        assertThat(rule("horn", "EMAIL", "").status()).isEqualTo(404);
        assertThat(rule("zip", "HORNED", "").status()).isEqualTo(404);
        assertThat(crm.put(RULES + "0-1/zip/rule-type/EMAIL", "{}").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "contacts  | firstname         | ALPHANUMERIC          | 'ALPHA_ONLY'        | R2D2                | Åsa",
                "contacts  | zip               | ALPHANUMERIC          | 'NUMERIC_ONLY'      | D-1                 | 12345",
                "contacts  | zip               | MIN_LENGTH            | '5'                 | 1234                | 12345",
                "contacts  | zip               | MAX_LENGTH            | '5'                 | 123456              | 12345",
                "contacts  | lastname          | FORMAT                | 'CAPITALIZATION'    | van Dyke            | Van Dyke",
                "contacts  | lastname          | FORMAT                | 'UPPER'             | Dyke                | DYKE",
                "contacts  | lastname          | SPECIAL_CHARACTERS    | 'NOT_ALLOWED'       | a$b                 | a b",
                "contacts  | jobtitle          | WHITESPACE            |                     | a b                 | ab",
                "contacts  | jobtitle          | REGEX                 | '^[A-Z]+$','Shout'  | ab                  | AB",
                "contacts  | email             | EMAIL_ALLOWED_DOMAINS | 'a.example'         | x@b.example         | x@c.a.example",
                "contacts  | email             | EMAIL_BLOCKED_DOMAINS | 'a.example'         | x@a.example         | x@b.example",
                "contacts  | website           | URL                   |                     | no                  | https://a.example/b",
                "contacts  | website           | URL_BLOCKED_DOMAINS   | 'a.example'         | https://a.example/b | b.example",
                "contacts  | phone             | PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE | | 030 1              | +49 30 1234567",
                "contacts  | birthdate         | END_DATE              | '946684800000'      | 2000-01-02          | 2000-01-01",
                "contacts  | birthdate         | DAYS_OF_WEEK          | 'MONDAY','TUESDAY'  | 2026-11-29          | 2026-11-30",
                "contacts  | birthdate         | BEFORE_DURATION       | 'P18Y'              | 2025-01-01          | 1990-01-01",
                "companies | numberofemployees | MAX_NUMBER            | '99.5'              | 100                 | 99.5",
                "companies | numberofemployees | MIN_NUMBER            | '1'                 | 0                   | 1",
                "companies | annualrevenue     | DECIMAL               | '2'                 | 1.234               | 1.230"
            })
    void aValueThatBreaksARuleIsRejected(
            String object, String property, String rule, String arguments, String bad, String good) throws Exception {
        String list = arguments == null ? "" : arguments.replace('\'', '"');
        assertThat(crm.put(RULES + object + "/" + property + "/rule-type/" + rule, "{\"ruleArguments\":[" + list + "]}")
                        .status())
                .isEqualTo(204);
        String path = "/crm/v3/objects/" + object;
        HubspotClient.Reply rejected = crm.post(path, properties(property, bad));
        assertThat(rejected.status()).isEqualTo(400);
        assertThat(rejected.json().path("category").asText()).isEqualTo("VALIDATION_ERROR");
        JsonNode error = values(rejected.json()).path(0);
        assertThat(error.path("isValid").asBoolean(true)).isFalse();
        assertThat(error.path("name").asText()).isEqualTo(property);
        HubspotClient.Reply made = crm.post(path, properties(property, good));
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        assertThat(crm.patch(path + "/" + made.json().path("id").asText(), properties(property, bad))
                        .status())
                .isEqualTo(400);
        // a value is cleared without regard to its rules
        assertThat(crm.patch(path + "/" + made.json().path("id").asText(), properties(property, ""))
                        .status())
                .isEqualTo(200);
    }

    private static String properties(String property, String value) {
        return "{\"properties\":{\"" + property + "\":\"" + value + "\"}}";
    }

    @Test
    void allValuesThatBreakRulesAreListedInHubspotsWords() throws Exception {
        rule("firstname", "ALPHANUMERIC", "\"ALPHA_ONLY\"");
        rule("jobtitle", "REGEX", "\"^[A-Z]+$\",\"Must be uppercase\"");
        JsonNode errors = values(create("\"firstname\":\"R2\",\"jobtitle\":\"x\",\"email\":\"no\"")
                .json());
        assertThat(errors.findValuesAsText("error")).containsExactly("INVALID_ALPHA", "INVALID_REGEX", "INVALID_EMAIL");
        assertThat(errors.findValuesAsText("message"))
                .containsExactly("Enter only letters", "Must be uppercase", "Email address no is invalid");
    }

    @Test
    void aValueThatIsNoTextHasNoBlanksAroundIt() throws Exception {
        JsonNode errors = values(create("\"birthdate\":\"2000-01-01 \",\"newsletter\":\" true\",\"city\":\" Ulm\"")
                .json());
        assertThat(errors.findValuesAsText("error")).containsOnly("LEADING_TRAILING_WHITESPACE");
        assertThat(errors.findValuesAsText("name")).containsExactly("birthdate", "newsletter");
    }

    @Test
    void aRuleIsNotForWorkflows() {
        rule("tier", "FORMAT", "\"UPPER\"");
        crm.put(AUTOMATIONS, "{\"object\":\"contacts\",\"when\":\"created\",\"set\":{\"tier\":\"gold\"}}");
        String id = create("\"lastname\":\"One\"").json().path("id").asText();
        await().untilAsserted(() -> assertThat(crm.get(CONTACTS + "/" + id + "?properties=tier")
                        .json()
                        .at("/properties/tier")
                        .asText())
                .isEqualTo("gold"));
    }

    @Test
    void anAutomationRefusesValuesInHubspotsWords() throws Exception {
        crm.put(
                AUTOMATIONS,
                "[{\"object\":\"contacts\",\"refuse\":{\"field\":\"tier\",\"matches\":\".*spam.*\"},"
                        + "\"message\":\"No spam\",\"error\":\"INVALID_TIER\"},"
                        + "{\"object\":\"companies\",\"refuse\":{\"field\":\"numberofemployees\",\"above\":10}}]");
        JsonNode error = values(create("\"tier\":\"a spam b\"").json()).path(0);
        assertThat(error.path("error").asText()).isEqualTo("INVALID_TIER");
        assertThat(error.path("message").asText()).isEqualTo("No spam");
        assertThat(create("\"tier\":\"gold\"").status()).isEqualTo(201);
        assertThat(crm.post("/crm/v3/objects/companies", properties("numberofemployees", "11"))
                        .status())
                .isEqualTo(400);
        assertThat(crm.post("/crm/v3/objects/companies", properties("numberofemployees", "10"))
                        .status())
                .isEqualTo(201);
        // a batch without trace ids is rejected whole
        assertThat(crm.upsertContacts(contact("C-1", "\"tier\":\"spam\""), contact("C-2", ""))
                        .status())
                .isEqualTo(400);
        assertThat(crm.get(CONTACTS + "/C-2?idProperty=customer_no").status()).isEqualTo(404);
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"contacts\",\"duplicates\":[\"email\"]}")
                        .status())
                .isEqualTo(400);
        crm.delete(AUTOMATIONS);
        assertThat(create("\"tier\":\"spam\"").status()).isEqualTo(201);
    }

    @Test
    void aPropertyThatMustNotBeEmptyIsRequired() throws Exception {
        crm.put(
                AUTOMATIONS,
                "{\"object\":\"contacts\",\"refuse\":{\"field\":\"lastname\",\"empty\":true},"
                        + "\"message\":\"A name, please\"}");
        JsonNode missing = create("\"city\":\"Ulm\"").json();
        assertThat(missing.path("message").asText())
                .isEqualTo("Error creating CONTACT. Some required properties were not set.");
        assertThat(missing.at("/context/properties/0").asText()).isEqualTo("lastname");
        String id = create("\"lastname\":\"One\"").json().path("id").asText();
        assertThat(crm.patch(CONTACTS + "/" + id, properties("city", "Ulm")).status())
                .isEqualTo(200);
        assertThat(values(crm.patch(CONTACTS + "/" + id, properties("lastname", ""))
                                .json())
                        .at("/0/message")
                        .asText())
                .isEqualTo("A name, please");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SOQL beyond rows of one object: sub-queries, joins, groups, groups of fields, and what the vendor refuses. */
class SalesforceSoqlTest extends SandboxTestBase {

    @BeforeEach
    void fill() {
        crm.put(
                "/sandbox/fields/salesforce/Contact/Hobbies__c",
                """
                {"type":"multipicklist","options":["Chess","Golf","Tennis"]}""");
        crm.patch(
                API + "/composite/sobjects/Account/Ext_Id__c",
                SalesforceClient.records(
                        "Account",
                        true,
                        "\"Ext_Id__c\":\"A-1\",\"Name\":\"Acme\",\"Industry\":\"Energy\",\"NumberOfEmployees\":10,\"AnnualRevenue\":500",
                        "\"Ext_Id__c\":\"A-2\",\"Name\":\"Beta\",\"Industry\":\"Energy\",\"NumberOfEmployees\":30",
                        "\"Ext_Id__c\":\"A-3\",\"Name\":\"Core\",\"Industry\":\"Banking\",\"NumberOfEmployees\":5,\"AnnualRevenue\":70.5",
                        "\"Ext_Id__c\":\"A-4\",\"Name\":\"Dome\""));
        crm.upsertContacts(
                contact("C-1", "Adams", "A-1") + ",\"Hobbies__c\":\"Chess;Golf\",\"Birthdate\":\"1980-05-01\"",
                contact("C-2", "Brown", "A-1") + ",\"Hobbies__c\":\"Golf\",\"Birthdate\":\"1980-11-30\"",
                contact("C-3", "Clark", "A-2") + ",\"Birthdate\":\"1991-01-07\"",
                "\"Customer_No__c\":\"C-4\",\"LastName\":\"Dunn\",\"Hobbies__c\":\"Tennis\"");
    }

    private static String contact(String key, String name, String account) {
        return SalesforceClient.contact(key, name) + ",\"Account\":{\"Ext_Id__c\":\"" + account + "\"}";
    }

    private JsonNode records(String soql) {
        SalesforceClient.Reply reply = crm.query(soql);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json().path("records");
    }

    private String values(String soql, String field) {
        return String.join(" ", records(soql).findValuesAsText(field));
    }

    @Test
    void childrenComeWithTheirParent() {
        JsonNode records = records("SELECT Name, (SELECT LastName, Account.Name FROM Contacts WHERE LastName != 'x' "
                + "ORDER BY LastName DESC LIMIT 1) FROM Account ORDER BY Name");
        JsonNode children = records.path(0).path("Contacts");
        assertThat(children.path("totalSize").asInt()).isOne();
        assertThat(children.path("done").asBoolean()).isTrue();
        assertThat(children.at("/records/0/LastName").asText()).isEqualTo("Brown");
        assertThat(children.at("/records/0/Account/Name").asText()).isEqualTo("Acme");
        assertThat(children.at("/records/0/attributes/type").asText()).isEqualTo("Contact");
        assertThat(records.path(1).at("/Contacts/records/0/LastName").asText()).isEqualTo("Clark");
        assertThat(records.path(2).path("Contacts").isNull()).isTrue();
    }

    @Test
    void childrenOfChildrenAndOfCustomReferencesAreFoundByTheirNames() {
        crm.post(
                API + "/sobjects/Opportunity",
                """
                {"Name":"Deal","StageName":"Won","CloseDate":"2026-05-01","Customer__r":{"Customer_No__c":"C-1"}}""");
        JsonNode account = records(
                        "SELECT (SELECT LastName, (SELECT Name FROM Opportunities__r) FROM Account.Contacts c) "
                                + "FROM Account WHERE Name = 'Acme'")
                .path(0);
        assertThat(account.at("/Contacts/records/0/Opportunities__r/records/0/Name")
                        .asText())
                .isEqualTo("Deal");
        assertThat(account.at("/Contacts/records/1/Opportunities__r").isNull()).isTrue();
    }

    @Test
    void moreChildrenThanAPageHaveALocatorOfTheirOwn() {
        for (int call = 0; call < 2; call++) {
            String[] more = new String[150];
            int from = call * 150;
            Arrays.setAll(more, i -> contact("M-" + (from + i), "Many", "A-3"));
            crm.upsertContacts(more);
        }
        HttpRequest small = HttpRequest.newBuilder(
                        crm.request(
                                "GET",
                                API + "/query?q="
                                        + SalesforceClient.encoded(
                                                "SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name = 'Core'"),
                                ""),
                        (n, v) -> true)
                .header("Sforce-Query-Options", "batchSize=200")
                .build();
        JsonNode children = crm.send(small).json().at("/records/0/Contacts");
        assertThat(children.path("totalSize").asInt()).isEqualTo(300);
        assertThat(children.path("done").asBoolean()).isFalse();
        List<String> ids = new ArrayList<>(children.path("records").findValuesAsText("Id"));
        JsonNode next = crm.get(children.path("nextRecordsUrl").asText()).json();
        ids.addAll(next.path("records").findValuesAsText("Id"));
        assertThat(ids).hasSize(300).doesNotHaveDuplicates();
        assertThat(next.path("done").asBoolean()).isTrue();
    }

    @Test
    void aggregatesOfAllRowsAreOneRecord() {
        JsonNode answer = crm.query("SELECT COUNT(Id), COUNT(AnnualRevenue) known, COUNT_DISTINCT(Industry), "
                        + "SUM(NumberOfEmployees), AVG(AnnualRevenue), MIN(Name), MAX(CreatedDate) FROM Account")
                .json();
        assertThat(answer.path("totalSize").asInt()).isOne();
        JsonNode record = answer.path("records").path(0);
        assertThat(record.path("attributes").toString()).isEqualTo("{\"type\":\"AggregateResult\"}");
        assertThat(record.path("expr0").asInt()).isEqualTo(4);
        assertThat(record.path("known").asInt()).isEqualTo(2);
        assertThat(record.path("expr1").asInt()).isEqualTo(2);
        assertThat(record.path("expr2").asInt()).isEqualTo(45);
        assertThat(record.path("expr3").asDouble()).isEqualTo(285.25);
        assertThat(record.path("expr4").asText()).isEqualTo("Acme");
        assertThat(record.path("expr5").asText()).matches("\\d{4}-.*\\+0000");
        assertThat(records("SELECT SUM(NumberOfEmployees) FROM Account WHERE Name = 'Dome'")
                        .path(0)
                        .path("expr0")
                        .isNull())
                .isTrue();
    }

    @Test
    void rowsAreGroupedFilteredAndOrderedByTheirAggregates() {
        JsonNode groups = records("SELECT Industry, COUNT(Id) n, SUM(NumberOfEmployees) FROM Account GROUP BY Industry "
                + "ORDER BY COUNT(Id) DESC, Industry NULLS LAST");
        assertThat(groups.findValuesAsText("Industry")).containsExactly("Energy", "Banking", "null");
        assertThat(groups.findValuesAsText("n")).containsExactly("2", "1", "1");
        assertThat(groups.findValuesAsText("expr0")).containsExactly("40", "5", "null");
        assertThat(values("SELECT Industry FROM Account GROUP BY Industry HAVING COUNT(Id) > 1", "Industry"))
                .isEqualTo("Energy");
        assertThat(values(
                        "SELECT Industry FROM Account GROUP BY Industry HAVING SUM(NumberOfEmployees) < 10 AND "
                                + "Industry LIKE 'B%'",
                        "Industry"))
                .isEqualTo("Banking");
        assertThat(values(
                        "SELECT Account.Name, COUNT(Id) FROM Contact WHERE AccountId != null GROUP BY Account.Name "
                                + "ORDER BY Account.Name",
                        "Name"))
                .isEqualTo("Acme Beta");
        assertThat(values(
                        "SELECT CALENDAR_YEAR(Birthdate), COUNT(Id) c FROM Contact WHERE Birthdate != null "
                                + "GROUP BY CALENDAR_YEAR(Birthdate) ORDER BY CALENDAR_YEAR(Birthdate) LIMIT 1",
                        "expr0"))
                .isEqualTo("1980");
        assertThat(values("SELECT LastName FROM Contact WHERE CALENDAR_MONTH(Birthdate) = 11", "LastName"))
                .isEqualTo("Brown");
    }

    @Test
    void countIsAloneAndShowsItsTotal() {
        JsonNode answer = crm.get(
                        API + "/query?columns=true&q=" + SalesforceClient.encoded("SELECT COUNT() FROM Account"))
                .json();
        assertThat(answer.path("totalSize").asInt()).isEqualTo(4);
        assertThat(answer.path("done").asBoolean()).isTrue();
        assertThat(answer.path("records")).isEmpty();
        assertThat(crm.query("SELECT COUNT() FROM Account LIMIT 3")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isEqualTo(3);
        assertThat(crm.query("SELECT COUNT() FROM Contact c, c.Account a WHERE a.Name = 'Acme'")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void columnsAreShownToTheCommandLine() {
        JsonNode columns = crm.get(API + "/query?columns=true&q="
                        + SalesforceClient.encoded(
                                "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account"))
                .json()
                .path("columnMetadata");
        assertThat(columns.path(1).path("columnName").asText()).isEqualTo("Owner");
        assertThat(columns.path(1).path("aggregate").asBoolean()).isFalse();
        assertThat(columns.path(1).at("/joinColumns/0/columnName").asText()).isEqualTo("Name");
        assertThat(columns.path(2).path("aggregate").asBoolean()).isTrue();
        assertThat(columns.path(2).at("/joinColumns/0/columnName").asText()).isEqualTo("LastName");
        JsonNode counted = crm.get(
                        API + "/query?columns=true&q=" + SalesforceClient.encoded("SELECT COUNT(Id) FROM Account"))
                .json()
                .path("columnMetadata")
                .path(0);
        assertThat(counted.path("columnName").asText()).isEqualTo("expr0");
        assertThat(counted.path("displayName").asText()).isEqualTo("COUNT(Id)");
        assertThat(counted.path("aggregate").asBoolean()).isTrue();
    }

    @Test
    void idsAreJoinedAgainstThoseOfAnotherObject() {
        assertThat(values(
                        "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Clark')",
                        "Name"))
                .isEqualTo("Beta");
        assertThat(values(
                        "SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact) ORDER BY Name",
                        "Name"))
                .isEqualTo("Core Dome");
        assertThat(values(
                        "SELECT LastName FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy')"
                                + " AND LastName != 'Adams' ORDER BY LastName",
                        "LastName"))
                .isEqualTo("Brown Clark");
    }

    @Test
    void groupsOfFieldsAreSpeltOut() {
        JsonNode all = records("SELECT FIELDS(ALL) FROM Contact LIMIT 200").path(0);
        assertThat(all.has("Id")).isTrue();
        assertThat(all.has("Customer_No__c")).isTrue();
        assertThat(all.has("SystemModstamp")).isTrue();
        JsonNode standard =
                records("SELECT FIELDS(STANDARD), Tier__c FROM Contact").path(0);
        assertThat(standard.has("Customer_No__c")).isFalse();
        assertThat(standard.has("Tier__c")).isTrue();
        JsonNode custom =
                records("SELECT Id, FIELDS(CUSTOM) FROM Contact LIMIT 5").path(0);
        assertThat(custom.has("LastName")).isFalse();
        assertThat(custom.has("Customer_No__c")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Hobbies__c INCLUDES ('Golf')             | C-1 C-2",
                "Hobbies__c INCLUDES ('Chess;Golf','Tennis') | C-1 C-4",
                "Hobbies__c EXCLUDES ('Golf')             | C-3 C-4",
                "LastName LIKE '_r%'                      | C-2",
                "LastName LIKE 'CLAR%'                    | C-3",
                "NOT LastName LIKE 'A%'                   | C-2 C-3 C-4",
                "LastName = 'Adams' OR (LastName = 'Brown' AND Birthdate < 1990-01-01) | C-1 C-2",
                "Account.Name IN ('Acme') AND (NOT LastName = 'Adams') | C-2",
                "CreatedDate IN (TODAY)                   | C-1 C-2 C-3 C-4",
            })
    void aConditionFindsItsRows(String condition, String keys) {
        assertThat(values(
                        "SELECT Customer_No__c FROM Contact WHERE " + condition + " ORDER BY Customer_No__c",
                        "Customer_No__c"))
                .isEqualTo(keys);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TODAY",
                "THIS_WEEK",
                "THIS_MONTH",
                "THIS_QUARTER",
                "THIS_YEAR",
                "THIS_FISCAL_QUARTER",
                "THIS_FISCAL_YEAR",
                "LAST_90_DAYS",
                "LAST_N_DAYS:1",
                "N_DAYS_AGO:0",
                "N_WEEKS_AGO:0",
                "N_MONTHS_AGO:0",
                "N_QUARTERS_AGO:0",
                "N_YEARS_AGO:0",
                "N_FISCAL_QUARTERS_AGO:0",
                "N_FISCAL_YEARS_AGO:0"
            })
    void todayLiesInWhatBeginsBeforeTomorrow(String literal) {
        assertThat(crm.query("SELECT COUNT() FROM Account WHERE CreatedDate = " + literal)
                        .json()
                        .path("totalSize")
                        .asInt())
                .isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "YESTERDAY",
                "TOMORROW",
                "LAST_WEEK",
                "NEXT_WEEK",
                "LAST_MONTH",
                "NEXT_MONTH",
                "NEXT_90_DAYS",
                "NEXT_N_DAYS:3",
                "LAST_N_WEEKS:2",
                "NEXT_N_WEEKS:2",
                "N_DAYS_AGO:1",
                "LAST_N_MONTHS:2",
                "NEXT_N_MONTHS:2",
                "LAST_QUARTER",
                "NEXT_QUARTER",
                "LAST_N_QUARTERS:2",
                "NEXT_N_QUARTERS:2",
                "LAST_YEAR",
                "NEXT_YEAR",
                "LAST_N_YEARS:2",
                "NEXT_N_YEARS:2",
                "LAST_FISCAL_QUARTER",
                "NEXT_FISCAL_QUARTER",
                "LAST_N_FISCAL_QUARTERS:2",
                "NEXT_N_FISCAL_QUARTERS:2",
                "LAST_FISCAL_YEAR",
                "NEXT_FISCAL_YEAR",
                "LAST_N_FISCAL_YEARS:2",
                "NEXT_N_FISCAL_YEARS:2"
            })
    void todayLiesNotInWhatEndsBeforeOrBeginsAfterIt(String literal) {
        SalesforceClient.Reply reply = crm.query("SELECT COUNT() FROM Account WHERE CreatedDate = " + literal);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.json().path("totalSize").asInt()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "SELECT Id FROM Contact WHERE LastName = 'a' AND LastName = 'b' OR LastName = 'c' | MALFORMED_QUERY",
                "SELECT Id FROM Contact WHERE LastName = 'a' AND NOT LastName = 'b'    | MALFORMED_QUERY",
                "SELECT Id FROM Contact WHERE NOT LastName = 'a' AND LastName = 'b'    | MALFORMED_QUERY",
                "SELECT Id, (SELECT Id FROM Kontakte) FROM Account                     | INVALID_TYPE",
                "SELECT Id, (SELECT COUNT() FROM Contacts) FROM Account                | MALFORMED_QUERY",
                "SELECT Id, (SELECT COUNT(Id) FROM Contacts) FROM Account              | MALFORMED_QUERY",
                "SELECT COUNT(), Id FROM Account                                       | MALFORMED_QUERY",
                "SELECT Id, COUNT() FROM Account                                       | MALFORMED_QUERY",
                "SELECT COUNT() FROM Account ORDER BY Name                             | MALFORMED_QUERY",
                "SELECT COUNT() FROM Account GROUP BY Name                             | MALFORMED_QUERY",
                "SELECT Name, COUNT(Id) FROM Account                                   | MALFORMED_QUERY",
                "SELECT Name, Industry FROM Account GROUP BY Name                      | MALFORMED_QUERY",
                "SELECT COUNT(Id) FROM Account LIMIT 1                                 | MALFORMED_QUERY",
                "SELECT SUM(Name) FROM Account                                         | MALFORMED_QUERY",
                "SELECT MAX(IsDeleted) FROM Account                                    | MALFORMED_QUERY",
                "SELECT COUNT(Id) FROM Account GROUP BY CreatedDate                    | MALFORMED_QUERY",
                "SELECT COUNT(Id) FROM Account GROUP BY Description                    | MALFORMED_QUERY",
                "SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Industry)               | MALFORMED_QUERY",
                "SELECT Industry FROM Account GROUP BY Industry HAVING Name = 'x'      | MALFORMED_QUERY",
                "SELECT Name FROM Account HAVING COUNT(Id) > 1                         | MALFORMED_QUERY",
                "SELECT Name FROM Account WHERE COUNT(Id) > 1                          | MALFORMED_QUERY",
                "SELECT Name n FROM Account                                            | MALFORMED_QUERY",
                "SELECT COUNT(Id) a, COUNT(Name) a FROM Account                        | MALFORMED_QUERY",
                "SELECT FIELDS(ALL) FROM Account                                       | MALFORMED_QUERY",
                "SELECT FIELDS(CUSTOM) FROM Account LIMIT 201                          | MALFORMED_QUERY",
                "SELECT FIELDS(MINE) FROM Account LIMIT 2                              | MALFORMED_QUERY",
                "SELECT Id, FIELDS(ALL) FROM Account LIMIT 200                         | INVALID_FIELD",
                "SELECT Id, Id FROM Account                                            | INVALID_FIELD",
                "SELECT Id FROM Account WHERE Description = 'x'                        | INVALID_FIELD",
                "SELECT Id FROM Account ORDER BY Description                           | INVALID_FIELD",
                "SELECT Id FROM Contact ORDER BY Hobbies__c                            | INVALID_FIELD",
                "SELECT Id FROM Account WHERE Industry INCLUDES ('x')                  | INVALID_QUERY_FILTER_OPERATOR",
                "SELECT Id FROM Account WHERE IsDeleted > false                        | INVALID_QUERY_FILTER_OPERATOR",
                "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)           | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact) | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact LIMIT 1) | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Id IN (SELECT LastName FROM Contact)     | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Name IN (SELECT AccountId FROM Contact)  | MALFORMED_QUERY",
                "SELECT Id FROM Account LIMIT -1                                       | MALFORMED_QUERY",
                "SELECT Id FROM Account OFFSET 2001                                    | NUMBER_OUTSIDE_VALID_RANGE",
                "SELECT Id FROM Account ALL ROWS                                       | MALFORMED_QUERY",
                "SELECT Id FROM Account FOR UPDATE                                     | MALFORMED_QUERY",
                "SELECT Id FROM Account WITH SECURITY_ENFORCED                         | MALFORMED_QUERY",
                "SELECT TYPEOF Owner WHEN User THEN Id END FROM Account                | MALFORMED_QUERY",
                "SELECT FORMAT(AnnualRevenue) FROM Account                             | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Name = 'a\\q'                            | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Name NOT LIKE 'a%'                       | MALFORMED_QUERY",
                "SELECT Id FROM Account WHERE Name IN ()                               | MALFORMED_QUERY",
                "SELECT * FROM Account                                                 | MALFORMED_QUERY",
                "SELECT DISTINCT Name FROM Account                                     | MALFORMED_QUERY",
                "SELECT Id FROM Account LIMIT 1 WHERE Name = 'x'                       | MALFORMED_QUERY",
                "UPDATE Account                                                        | MALFORMED_QUERY",
            })
    void whatTheVendorRefusesIsRefused(String soql, String code) {
        SalesforceClient.Reply reply = crm.query(soql);
        assertThat(reply.status()).as(reply.text()).isEqualTo(400);
        assertThat(reply.errorCode()).isEqualTo(code);
    }

    @Test
    void aPlanShowsWhetherAKeyIsUsed() {
        JsonNode key = plan("SELECT Id FROM Contact WHERE Customer_No__c = 'C-1'");
        assertThat(key.path("leadingOperationType").asText()).isEqualTo("Index");
        assertThat(key.path("cardinality").asInt()).isOne();
        assertThat(plan("SELECT Id FROM Contact WHERE LastName = 'Adams'")
                        .path("leadingOperationType")
                        .asText())
                .isEqualTo("TableScan");
        assertThat(crm.get(API + "/query?explain=SELECT").errorCode()).isEqualTo("MALFORMED_QUERY");
    }

    private JsonNode plan(String soql) {
        return crm.get(API + "/query?explain=" + SalesforceClient.encoded(soql))
                .json()
                .at("/plans/0");
    }

    @Test
    void soapShowsChildrenAndGroups() throws Exception {
        var soap = SoapClient.logIn(crm);
        var parents =
                soap.query("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account ORDER BY Name");
        var children = parents.getRecords()[0].getChild("Contacts");
        assertThat(children.getChild("size").getValue()).hasToString("2");
        List<Object> names = StreamSupport.stream(
                        ((Iterable<com.sforce.ws.bind.XmlObject>) () -> children.getChildren("records")).spliterator(),
                        false)
                .map(record -> record.getField("LastName"))
                .toList();
        assertThat(names).containsExactly("Adams", "Brown");
        var groups = soap.query("SELECT Industry, COUNT(Id) n FROM Account WHERE Industry != null GROUP BY Industry "
                        + "ORDER BY Industry")
                .getRecords();
        assertThat(groups[1].getType()).isEqualTo("AggregateResult");
        assertThat(groups[1].getField("n")).isEqualTo(2);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SoapClient.contacts;
import static io.sluice.sandbox.SoapClient.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.sforce.soap.partner.DeleteResult;
import com.sforce.soap.partner.DescribeSObjectResult;
import com.sforce.soap.partner.Field;
import com.sforce.soap.partner.FieldType;
import com.sforce.soap.partner.GetUserInfoResult;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.QueryResult;
import com.sforce.soap.partner.SaveResult;
import com.sforce.soap.partner.StatusCode;
import com.sforce.soap.partner.UndeleteResult;
import com.sforce.soap.partner.UpsertResult;
import com.sforce.soap.partner.fault.ApiFault;
import com.sforce.soap.partner.fault.ExceptionCode;
import com.sforce.soap.partner.fault.InvalidFieldFault;
import com.sforce.soap.partner.fault.InvalidQueryLocatorFault;
import com.sforce.soap.partner.fault.InvalidSObjectFault;
import com.sforce.soap.partner.fault.LoginFault;
import com.sforce.soap.partner.fault.MalformedQueryFault;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectionException;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The SOAP API as the vendor's own Java client speaks it. */
class SoapTest extends SandboxTestBase {

    private PartnerConnection soap;

    @BeforeEach
    void logIn() throws ConnectionException {
        soap = SoapClient.logIn(crm);
    }

    @Test
    void aLogInShowsTheAddressAndOpensTheRestApiToo() throws ConnectionException {
        assertThat(soap.getConfig().getServiceEndpoint()).startsWith(crm.base() + "/services/Soap/u/65.0/00D");
        crm.useToken(soap.getConfig().getSessionId());
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
        GetUserInfoResult user = soap.getUserInfo();
        assertThat(user.getUserName()).isEqualTo("sluice@example.org");
        assertThat(user.getSessionSecondsValid()).isEqualTo(7200);
        JsonNode counted = crm.referee();
        assertThat(counted.path("logins").asInt()).isEqualTo(2);
        assertThat(counted.path("byOperation").path("soapLogin").asInt()).isOne();
        assertThat(counted.path("limits").path("daily").path("used").asInt()).isEqualTo(2);
    }

    @Test
    void aWrongPasswordIsALoginFault() {
        LoginFault fault =
                catchThrowableOfType(LoginFault.class, () -> SoapClient.logIn(crm, SoapClient.USER, "other"));
        assertThat(fault.getExceptionCode()).isEqualTo(ExceptionCode.INVALID_LOGIN);
        assertThat(catchThrowableOfType(
                        LoginFault.class, () -> SoapClient.logIn(crm, "nobody@example.org", SoapClient.PASSWORD)))
                .isNotNull();
        assertThat(crm.referee().path("logins").asInt()).isEqualTo(3);
    }

    @Test
    void anotherAccountsUserBearsItsName() throws ConnectionException {
        crm.put("/sandbox/accounts/second", "{\"crm\":\"salesforce\"}");
        PartnerConnection second = SoapClient.logIn(crm, SoapClient.USER + ".second", SoapClient.PASSWORD);
        second.create(new SObject[] {record("Account", "Name", "Acme")});
        assertThat(soap.query("SELECT COUNT() FROM Account").getSize()).isZero();
        assertThat(second.query("SELECT COUNT() FROM Account").getSize()).isOne();
    }

    @Test
    void upsertsWrite200RecordsInOneCall() throws ConnectionException {
        SObject[] contacts = contacts(200);
        contacts[7].removeField("LastName");
        UpsertResult[] first = soap.upsert("Customer_No__c", contacts);
        assertThat(first).hasSize(200);
        assertThat(first[0].isCreated()).isTrue();
        assertThat(first[7].isSuccess()).isFalse();
        assertThat(first[7].getId()).isNull();
        assertThat(first[7].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.REQUIRED_FIELD_MISSING);
        assertThat(first[7].getErrors()[0].getFields()).containsExactly("LastName");
        UpsertResult[] again = soap.upsert("Customer_No__c", contacts(200));
        assertThat(again[0].isCreated()).isFalse();
        assertThat(again[0].getId()).isEqualTo(first[0].getId());
        assertThat(again[7].isCreated()).isTrue();
        JsonNode counted = crm.referee();
        assertThat(counted.path("byOperation").path("soapUpsert").asInt()).isEqualTo(2);
        assertThat(counted.path("writesByObject").path("Contact").asInt()).isEqualTo(399);
        assertThat(soap.getLimitInfoHeader().getLimitInfo()[0].getCurrent()).isEqualTo(2);
        assertThat(soap.getLimitInfoHeader().getLimitInfo()[0].getLimit()).isEqualTo(15_000);
    }

    @Test
    void moreThan200RecordsAreRefusedWhole() {
        ApiFault fault = fault(() -> soap.upsert("Customer_No__c", contacts(201)));
        assertThat(fault.getExceptionCode()).isEqualTo(ExceptionCode.EXCEEDED_ID_LIMIT);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
    }

    @Test
    void aKeyThatStandsTwiceFailsBothRowsAndAllOrNoneAll() throws ConnectionException {
        SObject[] contacts = contacts(3);
        contacts[2].setField("Customer_No__c", "c-0");
        assertThat(soap.upsert("Customer_No__c", contacts))
                .extracting(UpsertResult::isSuccess)
                .containsExactly(false, true, false);
        soap.setAllOrNoneHeader(true);
        UpsertResult[] none = soap.upsert("Customer_No__c", contacts);
        assertThat(none[1].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.ALL_OR_NONE_OPERATION_ROLLED_BACK);
    }

    @Test
    void rowFaultsMeetSoapWritesToo() throws ConnectionException {
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"rowLock\",\"keys\":[\"C-1\"],\"count\":1}");
        UpsertResult[] rows = soap.upsert("Customer_No__c", contacts(3));
        assertThat(rows).extracting(UpsertResult::isSuccess).containsExactly(true, false, true);
        assertThat(rows[1].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.UNABLE_TO_LOCK_ROW);
    }

    @Test
    void aQueryGoesOnPageByPage() throws ConnectionException {
        for (int from = 0; from < 600; from += 200) {
            SObject[] contacts = contacts(200);
            for (int i = 0; i < 200; i++) {
                contacts[i].setField("Customer_No__c", "C-" + (from + i));
            }
            soap.upsert("Customer_No__c", contacts);
        }
        QueryResult page = soap.query("SELECT Customer_No__c FROM Contact");
        assertThat(page.getRecords()).hasSize(500);
        assertThat(page.getSize()).isEqualTo(600);
        assertThat(page.isDone()).isFalse();
        QueryResult last = soap.queryMore(page.getQueryLocator());
        assertThat(last.isDone()).isTrue();
        assertThat(last.getRecords()).hasSize(100);
        assertThat(last.getRecords()[99].getField("Customer_No__c")).isEqualTo("C-599");
        soap.setQueryOptions(250);
        assertThat(soap.query("SELECT Id FROM Contact").getRecords()).hasSize(250);
        assertThat(catchThrowableOfType(InvalidQueryLocatorFault.class, () -> soap.queryMore("0r8XX0000000009AAA-2")))
                .isNotNull();
    }

    @Test
    void recordsComeWithTheirParentsAndWithEveryTypeOfField() throws ConnectionException {
        String account = soap
                .create(new SObject[] {
                    record(
                            "Account",
                            "Name",
                            "A & <B>\r\n\u0001",
                            "BillingCity",
                            "Ulm",
                            "NumberOfEmployees",
                            12,
                            "AnnualRevenue",
                            1.5e6)
                })[0]
                .getId();
        SObject contact = record("Contact", "LastName", "Doe", "AccountId", account, "DoNotCall", true);
        contact.setField("Birthdate", java.sql.Date.valueOf("1980-02-03"));
        SaveResult saved = soap.create(new SObject[] {contact})[0];
        assertThat(saved.getErrors()).isEmpty();
        SObject read = soap.query("SELECT Id, Name, Birthdate, DoNotCall, Email, CreatedDate, Account.Name, "
                        + "Account.NumberOfEmployees, ReportsTo.Name FROM Contact")
                .getRecords()[0];
        assertThat(read.getId()).isEqualTo(saved.getId());
        assertThat(read.getField("Name")).isEqualTo("Doe");
        assertThat(read.getField("Birthdate")).isEqualTo("1980-02-03");
        assertThat(read.getField("DoNotCall")).isEqualTo("true");
        assertThat(read.getField("Email")).isNull();
        assertThat((String) read.getField("CreatedDate")).endsWith(".000Z");
        assertThat(read.getChild("Account").getField("Name")).isEqualTo("A & <B>");
        assertThat(read.getChild("Account").getField("NumberOfEmployees")).isEqualTo("12");
        assertThat(read.getChild("ReportsTo").getValue()).isNull();
        SObject[] retrieved = soap.retrieve("Name,BillingAddress,AnnualRevenue", "Account", new String[] {
            account, "001XX0000000999AAA".substring(0, 15)
        });
        assertThat(retrieved[0].getChild("BillingAddress").getChild("city").getValue())
                .isEqualTo("Ulm");
        assertThat(retrieved[1]).isNull();
    }

    @Test
    void aParentIsFoundByItsExternalId() throws ConnectionException {
        soap.upsert("Customer_No__c", contacts(1));
        SObject deal = record("Opportunity", "Name", "D", "StageName", "New", "Deal_No__c", "D-1");
        deal.setField("CloseDate", java.sql.Date.valueOf("2026-12-24"));
        deal.setField("Customer__r", record("Contact", "Customer_No__c", "C-0"));
        assertThat(soap.upsert("Deal_No__c", new SObject[] {deal})[0].getErrors())
                .isEmpty();
        assertThat(soap.query("SELECT Id FROM Opportunity WHERE Customer__r.Customer_No__c = 'C-0'")
                        .getSize())
                .isOne();
    }

    @Test
    void onlyFieldsToNullClearsAField() throws ConnectionException {
        SObject[] contacts = contacts(1);
        contacts[0].setField("Tier__c", "gold");
        contacts[0].setField("Title", "Dr");
        String id = soap.upsert("Customer_No__c", contacts)[0].getId();
        SObject change = record("Contact", "Tier__c", null, "Title", "");
        change.setId(id);
        soap.update(new SObject[] {change});
        SObject kept = soap.query("SELECT Tier__c, Title FROM Contact").getRecords()[0];
        assertThat(kept.getField("Tier__c")).isEqualTo("gold");
        assertThat(kept.getField("Title")).isEqualTo("Dr");
        SObject clear = record("Contact");
        clear.setId(id);
        clear.setFieldsToNull(new String[] {"Tier__c", "Title"});
        assertThat(soap.update(new SObject[] {clear})[0].isSuccess()).isTrue();
        assertThat(soap.query("SELECT Tier__c, Title FROM Contact")
                        .getRecords()[0]
                        .getField("Tier__c"))
                .isNull();
    }

    @Test
    void whatIsDeletedCanBeTakenBack() throws ConnectionException {
        String id = soap.upsert("Customer_No__c", contacts(1))[0].getId();
        DeleteResult[] deleted = soap.delete(new String[] {id, id, "nonsense"});
        assertThat(deleted[0].isSuccess()).isTrue();
        assertThat(deleted[1].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.ENTITY_IS_DELETED);
        assertThat(deleted[2].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.MALFORMED_ID);
        assertThat(soap.queryAll("SELECT Id FROM Contact WHERE IsDeleted = true")
                        .getSize())
                .isOne();
        UndeleteResult[] back = soap.undelete(new String[] {id, id});
        assertThat(back[0].isSuccess()).isTrue();
        assertThat(back[1].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.UNDELETE_FAILED);
        assertThat(soap.upsert("Customer_No__c", contacts(1))[0].getId()).isEqualTo(id);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isOne();
    }

    @Test
    void aUniqueKeyThatWasGivenAwayKeepsARecordInTheBin() throws ConnectionException {
        String id = soap.upsert("Customer_No__c", contacts(1))[0].getId();
        soap.delete(new String[] {id});
        soap.upsert("Customer_No__c", contacts(1));
        UndeleteResult back = soap.undelete(new String[] {id})[0];
        assertThat(back.getErrors()[0].getStatusCode()).isEqualTo(StatusCode.DUPLICATE_VALUE);
    }

    @Test
    void anExpiredSessionIsAFault() {
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        assertThat(fault(() -> soap.getUserInfo()).getExceptionCode()).isEqualTo(ExceptionCode.INVALID_SESSION_ID);
        assertThat(crm.referee().path("unauthorized").asInt()).isOne();
    }

    @Test
    void aLogOutEndsTheSession() throws ConnectionException {
        soap.logout();
        assertThat(fault(() -> soap.getUserInfo()).getExceptionCode()).isEqualTo(ExceptionCode.INVALID_SESSION_ID);
    }

    @Test
    void aUsedUpLimitIsAFaultAndCountsAsRefused() {
        crm.put("/sandbox/limits/salesforce", "{\"daily\":{\"max\":5,\"windowSeconds\":86400,\"used\":5}}");
        ApiFault fault = fault(() -> soap.upsert("Customer_No__c", contacts(1)));
        assertThat(fault.getExceptionCode()).isEqualTo(ExceptionCode.REQUEST_LIMIT_EXCEEDED);
        assertThat(fault.getExceptionMessage()).isEqualTo("TotalRequests Limit exceeded.");
        JsonNode counted = crm.referee();
        assertThat(counted.path("refused").asInt()).isOne();
        assertThat(counted.path("byStatus").path("500").asInt()).isOne();
        assertThat(counted.path("byOperation").path("soapUpsert").asInt()).isOne();
    }

    @Test
    void aBadQueryIsAFaultOfItsKind() {
        assertThat(catchThrowableOfType(MalformedQueryFault.class, () -> soap.query("SELECT Id FROM"))
                        .getRow())
                .isEqualTo(-1);
        assertThat(catchThrowableOfType(InvalidFieldFault.class, () -> soap.query("SELECT Nix FROM Contact"))
                        .getExceptionCode())
                .isEqualTo(ExceptionCode.INVALID_FIELD);
        assertThat(catchThrowableOfType(InvalidSObjectFault.class, () -> soap.query("SELECT Id FROM Nix"))
                        .getExceptionCode())
                .isEqualTo(ExceptionCode.INVALID_TYPE);
    }

    @Test
    void aCrmThatIsDownIsAFault() {
        crm.post(
                "/sandbox/faults/salesforce",
                "{\"kind\":\"unavailable\",\"operation\":\"soapGetUserInfo\",\"count\":1}");
        assertThat(fault(() -> soap.getUserInfo()).getExceptionCode()).isEqualTo(ExceptionCode.SERVER_UNAVAILABLE);
    }

    @Test
    void aWriteWhoseAnswerIsCutIsStillMade() {
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(catchThrowableOfType(ConnectionException.class, () -> soap.upsert("Customer_No__c", contacts(2))))
                .isNotNull();
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isEqualTo(2);
        assertThat(crm.referee().path("cut").asInt()).isOne();
    }

    @Test
    void theClientsDescribesTellKeysAndReferences() throws ConnectionException {
        DescribeSObjectResult contact = soap.describeSObject("Contact");
        assertThat(contact.getKeyPrefix()).isEqualTo("003");
        assertThat(contact.isMergeable()).isTrue();
        Field key = field(contact, "Customer_No__c");
        assertThat(key.isExternalId()).isTrue();
        assertThat(key.isUnique()).isTrue();
        assertThat(field(contact, "AccountId").getReferenceTo()).containsExactly("Account");
        assertThat(field(contact, "Birthdate").getType()).isEqualTo(FieldType.date);
        assertThat(field(contact, "MasterRecordId").isUpdateable()).isFalse();
        assertThat(soap.describeSObjects(new String[] {"Account", "Lead"})).hasSize(2);
        assertThat(soap.describeGlobal().getSobjects()).extracting("name").contains("Account", "Opportunity");
        assertThat(soap.getServerTimestamp().getTimestamp()).isNotNull();
    }

    private static Field field(DescribeSObjectResult object, String name) {
        return Arrays.stream(object.getFields())
                .filter(field -> field.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static ApiFault fault(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ApiFault.class, call);
    }
}

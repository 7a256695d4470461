// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SoapClient.contacts;
import static io.sluice.sandbox.SoapClient.record;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sforce.soap.partner.MergeRequest;
import com.sforce.soap.partner.MergeResult;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.SaveResult;
import com.sforce.soap.partner.StatusCode;
import com.sforce.soap.partner.UpsertResult;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectionException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges, asked for by the vendor's own Java client. */
class SoapMergeTest extends SandboxTestBase {

    private PartnerConnection soap;

    @BeforeEach
    void logIn() throws ConnectionException {
        soap = SoapClient.logIn(crm);
    }

    @Test
    void aMergeKeepsTheMasterWithItsNewValuesAndSendsTheOthersToTheBin() throws ConnectionException {
        String[] ids = contactIds(3);
        SObject master = record("Contact", "Tier__c", "gold", "Customer_No__c", "C-2");
        master.setId(ids[0]);
        master.setFieldsToNull(new String[] {"FirstName"});
        MergeResult merged = merge(master, ids[1], ids[2]);
        assertThat(merged.getErrors()).isEmpty();
        assertThat(merged.isSuccess()).isTrue();
        assertThat(merged.getId()).isEqualTo(ids[0]);
        assertThat(merged.getMergedRecordIds()).containsExactly(ids[1], ids[2]);
        SObject kept = soap.query("SELECT Id, Customer_No__c, Tier__c, LastName FROM Contact")
                .getRecords()[0];
        assertThat(kept.getId()).isEqualTo(ids[0]);
        assertThat(kept.getField("Tier__c")).isEqualTo("gold");
        assertThat(kept.getField("Customer_No__c")).isEqualTo("C-2");
        assertThat(kept.getField("LastName")).isEqualTo("Name0");
        SObject[] gone = soap.queryAll(
                        "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true " + "AND MasterRecordId != null")
                .getRecords();
        assertThat(gone).extracting(SObject::getId).containsExactlyInAnyOrder(ids[1], ids[2]);
        assertThat(gone).extracting(record -> record.getField("MasterRecordId")).containsOnly(ids[0]);
        JsonNode counted = crm.referee();
        assertThat(counted.path("byOperation").path("soapMerge").asInt()).isOne();
        assertThat(counted.path("recordsByObject").path("Contact").asInt()).isOne();
    }

    @Test
    void whatReferredToTheOthersRefersToTheMaster() throws ConnectionException {
        String[] accounts = created(record("Account", "Name", "A"), record("Account", "Name", "B"));
        SObject child = record("Account", "Name", "C", "ParentId", accounts[1]);
        SObject contact = record("Contact", "LastName", "Doe", "AccountId", accounts[1]);
        SObject other = record("Contact", "LastName", "Roe", "AccountId", accounts[0]);
        String[] children = created(child, contact, other);
        MergeResult merged = merge(withId("Account", accounts[0]), accounts[1]);
        assertThat(merged.getUpdatedRelatedIds()).containsExactlyInAnyOrder(children[0], children[1]);
        assertThat(soap.query("SELECT Id FROM Contact WHERE AccountId = '" + accounts[0] + "'")
                        .getSize())
                .isEqualTo(2);
        assertThat(soap.query("SELECT Id FROM Account WHERE ParentId = '" + accounts[0] + "'")
                        .getSize())
                .isOne();
    }

    @Test
    void aMasterThatReferredToAnotherOneRefersToNoneAfterwards() throws ConnectionException {
        String[] ids = contactIds(2);
        SObject report = withId("Contact", ids[0]);
        report.setField("ReportsToId", ids[1]);
        soap.update(new SObject[] {report});
        assertThat(merge(withId("Contact", ids[0]), ids[1]).isSuccess()).isTrue();
        assertThat(soap.query("SELECT ReportsToId FROM Contact").getRecords()[0].getField("ReportsToId"))
                .isNull();
    }

    @Test
    void aMergeThatFailsChangesNothingAndTheOthersOfTheCallGoOn() throws ConnectionException {
        String[] ids = contactIds(5);
        SObject bad = withId("Contact", ids[0]);
        bad.setField("Email", "no address");
        MergeRequest[] requests = {
            request(bad, ids[1]),
            request(withId("Contact", ids[2]), ids[3]),
            request(withId("Contact", ids[2]), ids[3]),
            request(withId("Contact", ids[2]), ids[4])
        };
        MergeResult[] results = soap.merge(requests);
        assertThat(results).extracting(MergeResult::isSuccess).containsExactly(false, true, false, true);
        assertThat(results[0].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.INVALID_EMAIL_ADDRESS);
        assertThat(results[2].getErrors()[0].getStatusCode()).isEqualTo(StatusCode.ENTITY_IS_DELETED);
        assertThat(soap.query("SELECT Id FROM Contact").getRecords())
                .extracting(SObject::getId)
                .containsExactlyInAnyOrder(ids[0], ids[1], ids[2]);
    }

    @Test
    void aChildThatIsLockedFailsTheMerge() throws ConnectionException {
        String[] accounts = created(record("Account", "Name", "A"), record("Account", "Name", "B"));
        String[] children = created(record("Contact", "LastName", "Doe", "AccountId", accounts[1]));
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"rowLock\",\"keys\":[\"" + children[0] + "\"],\"count\":1}");
        MergeResult locked = merge(withId("Account", accounts[0]), accounts[1]);
        assertThat(locked.getErrors()[0].getStatusCode()).isEqualTo(StatusCode.UNABLE_TO_LOCK_ROW);
        assertThat(soap.query("SELECT Id FROM Account").getSize()).isEqualTo(2);
        assertThat(merge(withId("Account", accounts[0]), accounts[1]).getUpdatedRelatedIds())
                .containsExactly(children);
    }

    @Test
    void whatCanNotBeMergedIsSaid() throws ConnectionException {
        String[] ids = contactIds(4);
        SObject master = withId("Contact", ids[0]);
        assertThat(code(merge(master, ids[1], ids[2], ids[3]))).isEqualTo(StatusCode.MERGE_FAILED);
        assertThat(code(merge(master, ids[0]))).isEqualTo(StatusCode.INVALID_MERGE_RECORD);
        assertThat(code(merge(record("Contact"), ids[1]))).isEqualTo(StatusCode.MISSING_ARGUMENT);
        assertThat(code(merge(withId("Opportunity", "006XX0000000001AAA".substring(0, 15)), ids[1])))
                .isEqualTo(StatusCode.INVALID_TYPE_FOR_OPERATION);
        assertThat(code(merge(master, created(record("Account", "Name", "A"))[0])))
                .isEqualTo(StatusCode.INVALID_CROSS_REFERENCE_KEY);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isEqualTo(4);
    }

    @Test
    void whatIsTakenBackNoLongerSaysThatItWasMerged() throws ConnectionException {
        String[] ids = contactIds(2);
        merge(withId("Contact", ids[0]), ids[1]);
        assertThat(soap.undelete(new String[] {ids[1]})[0].isSuccess()).isTrue();
        assertThat(soap.query("SELECT Id FROM Contact WHERE MasterRecordId = null")
                        .getSize())
                .isEqualTo(2);
    }

    @Test
    void aMergeOutlivesARestart(@TempDir Path folder) throws ConnectionException {
        Optional<Path> data = Optional.of(folder.resolve("sandbox.ndjson"));
        String[] ids;
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, data)) {
            soap = SoapClient.logIn(new SalesforceClient(first.port()));
            ids = contactIds(2);
            merge(withId("Contact", ids[0]), ids[1]);
        }
        try (Sandbox again = Sandbox.start("127.0.0.1", 0, data)) {
            SObject[] gone = SoapClient.logIn(new SalesforceClient(again.port()))
                    .queryAll("SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true")
                    .getRecords();
            assertThat(gone).singleElement().satisfies(record -> {
                assertThat(record.getId()).isEqualTo(ids[1]);
                assertThat(record.getField("MasterRecordId")).isEqualTo(ids[0]);
            });
        }
    }

    private String[] contactIds(int count) throws ConnectionException {
        return Arrays.stream(soap.upsert("Customer_No__c", contacts(count)))
                .map(UpsertResult::getId)
                .toArray(String[]::new);
    }

    private String[] created(SObject... records) throws ConnectionException {
        return Arrays.stream(soap.create(records)).map(SaveResult::getId).toArray(String[]::new);
    }

    private MergeResult merge(SObject master, String... others) throws ConnectionException {
        return soap.merge(new MergeRequest[] {request(master, others)})[0];
    }

    private static MergeRequest request(SObject master, String... others) {
        MergeRequest request = new MergeRequest();
        request.setMasterRecord(master);
        request.setRecordToMergeIds(others);
        return request;
    }

    private static SObject withId(String type, String id) {
        SObject record = new SObject(type);
        record.setId(id);
        return record;
    }

    private static StatusCode code(MergeResult result) {
        return result.getErrors()[0].getStatusCode();
    }
}

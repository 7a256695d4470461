// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.RecordStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkCsvTest {

    @TempDir
    Path folder;

    @Test
    void nullAndEmptyTextClearAndAnAbsentFieldIsAnEmptyCell() throws Exception {
        Map<String, Object> cleared = new LinkedHashMap<>();
        cleared.put("Phone", null);
        cleared.put("Title", "");
        assertThat(written(change("A", Map.of("LastName", "One")), change("B", cleared)))
                .containsExactly("No__c,LastName,Phone,Title", "A,One,,", "B,,#N/A,#N/A");
    }

    @Test
    void valuesAreWrittenInSalesforcesFormat() throws Exception {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Amount", new BigDecimal("1E+3"));
        fields.put("Open__c", true);
        fields.put("Name", "Miller, \"Jo\"\nand sons");
        fields.put("Account.No__c", "K-1");
        assertThat(String.join("\n", written(change("A", fields))))
                .isEqualTo("No__c,Amount,Open__c,Name,Account.No__c\nA,1000,true,\"Miller, \"\"Jo\"\"\nand sons\",K-1");
    }

    @Test
    void successesHaveTheirIds() throws Exception {
        assertThat(read(BulkCsv.Part.SUCCESSFUL, "\"sf__Id\",\"sf__Created\",\"No__c\"\n\"003A\",\"true\",\"A\"\n"))
                .containsExactly(Outcome.done("A", "003A"));
    }

    @Test
    void failuresAreClassifiedByCode() throws Exception {
        assertThat(
                        read(
                                BulkCsv.Part.FAILED,
                                """
                "sf__Id","sf__Error","No__c"
                "","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --","A"
                "","UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record: 001:--","B"
                "","ODD","C"
                """))
                .containsExactly(
                        Outcome.rejected(
                                "A",
                                "REQUIRED_FIELD_MISSING",
                                "Required fields are missing: [LastName] (fields [LastName])"),
                        Outcome.retry(
                                "B", "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record: 001"),
                        Outcome.rejected("C", "ODD", ""));
    }

    @Test
    void unprocessedRecordsAreRetried() throws Exception {
        assertThat(read(BulkCsv.Part.UNPROCESSED, "\"No__c\",\"LastName\"\n\"A\",\"One\"\n"))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.RETRY);
    }

    @Test
    void aDeleteUsesIdsAndSoDoItsResults() throws Exception {
        Path file = folder.resolve("ids.csv");
        BulkCsv.writeIds(
                RecordStream.of(List.of(
                        new RecordChange("A", Operation.DELETE, "003A", Map.of()),
                        new RecordChange("B", Operation.DELETE, null, Map.of()))),
                file);
        assertThat(Files.readAllLines(file)).containsExactly("Id", "003A");

        Files.writeString(
                file,
                "sf__Id,sf__Error,Id\n,ENTITY_IS_DELETED:entity is deleted:--,003A\n"
                        + ",UNABLE_TO_LOCK_ROW:locked:--,003B\n,DELETE_FAILED:has children:--,003C\n");
        try (Stream<Outcome> outcomes = BulkCsv.outcomesOfDeletes(file, BulkCsv.Part.FAILED)) {
            assertThat(outcomes)
                    .extracting(outcome -> outcome.crmId() + " " + outcome.status())
                    .containsExactly("003A gone", "003B retry", "003C rejected");
        }
        Files.writeString(file, "sf__Id,sf__Created,Id\n003A,false,003A\n");
        try (Stream<Outcome> outcomes = BulkCsv.outcomesOfDeletes(file, BulkCsv.Part.SUCCESSFUL)) {
            assertThat(outcomes).containsExactly(Outcome.done(null, "003A"));
        }
    }

    @Test
    void anUnknownPartIsReported() {
        assertThatThrownBy(() -> BulkCsv.Part.of("failed"))
                .hasMessageContaining("'failed'")
                .hasMessageContaining("failedResults");
    }

    private static RecordChange change(String key, Map<String, Object> fields) {
        return new RecordChange(key, Operation.UPSERT, null, fields);
    }

    private List<String> written(RecordChange... changes) throws Exception {
        Path file = folder.resolve("records.csv");
        BulkCsv.write(RecordStream.of(List.of(changes)), "No__c", file);
        return Files.readAllLines(file);
    }

    private List<Outcome> read(BulkCsv.Part part, String csv) throws Exception {
        Path file = Files.writeString(folder.resolve("results.csv"), csv);
        try (Stream<Outcome> outcomes = BulkCsv.outcomes(file, part, "No__c")) {
            return outcomes.toList();
        } finally {
            assertThat(file).doesNotExist();
        }
    }
}

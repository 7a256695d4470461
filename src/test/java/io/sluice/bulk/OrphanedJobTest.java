// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.CrmJob;
import io.sluice.crm.CrmJob.Stage;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OrphanedJobTest {

    private static final Instant ASKED = Instant.parse("2026-11-25T08:00:00.700Z");

    private static BulkJob asked(Operation operation) {
        return new BulkJob(
                UUID.randomUUID(),
                "crm",
                "Contact",
                "contacts",
                operation,
                BulkJobState.FIND,
                null,
                Priority.HIGH,
                30_000,
                2,
                0,
                ASKED);
    }

    private static CrmJob crmJob(
            String id, Stage stage, String object, String verb, String key, Instant created, boolean ours) {
        return new CrmJob(id, stage, object, verb, key, created, ours, 0, 0, null);
    }

    private static CrmJob right(String id) {
        return crmJob(id, Stage.OPEN, "Contact", "upsert", "No__c", Instant.parse("2026-11-25T08:00:00Z"), true);
    }

    private static boolean isFound(CrmJob crmJob) {
        return OrphanedJob.in(List.of(crmJob), asked(Operation.UPSERT), "No__c", Set.of("known"))
                .isPresent();
    }

    @Test
    void ourOpenJobIsFoundAlthoughTheCrmDropsFractionsOfASecond() {
        assertThat(isFound(right("lost"))).isTrue();
        CrmJob deletes = crmJob("lost", Stage.OPEN, "Contact", "delete", null, ASKED, true);
        assertThat(OrphanedJob.in(List.of(right("other"), deletes), asked(Operation.DELETE), "No__c", Set.of()))
                .contains(deletes);
    }

    @Test
    void aJobWithARowOrDataOrOfAnotherLoginObjectOperationKeyOrTimeIsIgnored() {
        assertThat(isFound(right("known"))).isFalse();
        assertThat(isFound(crmJob("j", Stage.WORKING, "Contact", "upsert", "No__c", ASKED, true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.ABORTED, "Contact", "upsert", "No__c", ASKED, true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Account", "upsert", "No__c", ASKED, true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Contact", "delete", null, ASKED, true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Contact", "upsert", "Id", ASKED, true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Contact", "upsert", "No__c", ASKED, false)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Contact", "upsert", "No__c", ASKED.minusSeconds(600), true)))
                .isFalse();
        assertThat(isFound(crmJob("j", Stage.OPEN, "Contact", "upsert", "No__c", ASKED.plusSeconds(600), true)))
                .isFalse();
    }
}

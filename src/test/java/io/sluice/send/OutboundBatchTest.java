// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.CrmCall;
import io.sluice.outbox.Claim;
import io.sluice.plan.SendMethod;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OutboundBatchTest {

    private static Claim claim(String object, RecordChange... changes) {
        return new Claim(UUID.randomUUID(), "crm", object, object, Operation.UPSERT, false, List.of(changes));
    }

    private static RecordChange upsert(String key, Map<String, Object> fields) {
        return new RecordChange(key, Operation.UPSERT, null, fields);
    }

    private static final Claim COMPANIES =
            claim("Company", upsert("c-1", Map.of("Name", "C")), upsert("c-2", Map.of()));
    private static final Claim DEALS = claim(
            "Deal",
            upsert("d-1", Map.of("Company.No", "c-1")),
            upsert("d-2", Map.of("Company.No", "c-2")),
            upsert("d-3", Map.of("Name", "c-1")));

    private static CrmCall.Write write(String method) {
        return new CrmCall.Write("crm", "crm", method, "Company", "No", "Company:No", "", null, Map.of());
    }

    @Test
    void recordsOfSeveralObjectsNameTheirObject() {
        assertThat(new OutboundBatch(SendMethod.Way.COLLECTIONS, write("upsert"), List.of(COMPANIES)).getRecords())
                .isEqualTo(COMPANIES.changes());
        assertThat(new OutboundBatch(SendMethod.Way.COMPOSITE, write("composite"), List.of(COMPANIES))
                        .getRecords()
                        .get(0))
                .isEqualTo(Map.of("object", "Company", "key", "c-1", "fields", Map.of("Name", "C")));
    }

    @Test
    void onlyAChildThatIsRejectedWithItsParentIsRetried() {
        List<List<Outcome>> parts = new OutboundBatch(
                        SendMethod.Way.COMPOSITE, write("composite"), List.of(COMPANIES, DEALS))
                .outcomes(List.of(
                        Outcome.rejected("c-1", "INVALID", "no such country"),
                        Outcome.done("c-2", "id"),
                        Outcome.rejected("d-1", "INVALID_FIELD", "c-1 not found"),
                        Outcome.rejected("d-2", "INVALID_FIELD", "amount"),
                        Outcome.rejected("d-3", "INVALID_FIELD", "amount")));
        assertThat(parts.get(0))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.REJECTED, Outcome.Status.DONE);
        assertThat(parts.get(1))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.RETRY, Outcome.Status.REJECTED, Outcome.Status.REJECTED);
        assertThat(parts.get(1).get(0).message()).isEqualTo("c-1 not found");
    }
}

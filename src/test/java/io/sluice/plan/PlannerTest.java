package io.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.Accounts;
import io.sluice.crm.Bulk;
import io.sluice.crm.Crm;
import io.sluice.crm.Permits;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;
import org.junit.jupiter.api.Test;

class PlannerTest {

    /** 200 records a call; a job takes ten calls, and five may be open. */
    private record Example(Optional<Bulk> bulk) implements Crm {

        @Override
        public String name() {
            return "crm";
        }

        @Override
        public int collectionSize(Operation operation) {
            return 200;
        }

        @Override
        public void bind(Registry registry, Permits permits, Accounts accounts) {
        }

        @Override
        public void connect(CamelContext context, String account, Map<String, String> settings) {
        }
    }

    private static final Crm WITH = new Example(Optional.of(new Bulk(100_000, 100_000_000, 5, 10, null)));
    private static final Crm WITHOUT = new Example(Optional.empty());

    private static Method.Way way(Crm crm, Operation operation, Priority urgency, int waiting, int jobs) {
        return Planner.plan(crm, operation, urgency, waiting, jobs).way();
    }

    @Test
    void aJobIsPlannedFromWhereItTakesFewerCalls() {
        assertThat(Planner.leastInBulk(WITH)).isEqualTo(2200);
        assertThat(way(WITH, Operation.UPSERT, Priority.NORMAL, 2199, 0)).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(WITH, Operation.UPSERT, Priority.NORMAL, 2200, 0)).isEqualTo(Method.Way.BULK);
        assertThat(Planner.plan(WITH, Operation.UPSERT, Priority.LOW, 1_000_000, 4))
                .isEqualTo(new Method(Method.Way.BULK, "crm-bulk", 100_000));
    }

    @Test
    void whatIsCriticalADeleteOrOneJobTooManyGoesByCollections() {
        assertThat(way(WITH, Operation.UPSERT, Priority.CRITICAL, 100_000, 0)).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(WITH, Operation.DELETE, Priority.NORMAL, 100_000, 0)).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(WITH, Operation.UPSERT, Priority.NORMAL, 100_000, 5)).isEqualTo(Method.Way.COLLECTIONS);
    }

    @Test
    void aCrmWithoutJobsNeverGetsOne() {
        assertThat(Planner.plan(WITHOUT, Operation.UPSERT, Priority.NORMAL, 1_000_000, 0))
                .isEqualTo(new Method(Method.Way.COLLECTIONS, "crm-upsert-sink", 200));
    }
}

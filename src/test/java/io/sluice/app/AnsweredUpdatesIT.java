// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that an update loop between a flow of the CRM and a trigger of the table costs few calls and delays no other record. */
class AnsweredUpdatesIT {

    private static final String TRIGGER =
            """
            create function undo() returns trigger language plpgsql as $$ begin
              if new.customer_no = 'C-00001' and new.phone = 'flow' then new.phone := 'table'; end if;
              return new;
            end $$;
            create trigger undo before update on customer for each row execute function undo()""";

    @TempDir
    Path home;

    private static long writes(RunningSluice sluice, String id) {
        return sluice.text(sluice.sandboxPort, "/sandbox/journal/hubspot?object=contacts&record=" + id)
                .lines()
                .filter(line -> line.contains("\"field\":\"phone\"") && line.contains("\"value\":\"table\""))
                .count();
    }

    /** Sets the phone back within milliseconds of each write. */
    private static void flow(RunningSluice sluice, String id, AtomicBoolean isOn) {
        long undone = 0;
        while (isOn.get()) {
            long writes = writes(sluice, id);
            if (writes > undone) {
                sluice.sandbox("POST", "/sandbox/records/hubspot/contacts/" + id, "{\"phone\":\"flow\"}");
                undone = writes;
            }
        }
    }

    private static String phone(RunningSluice sluice, String key) {
        return sluice.record("hubspot", "contacts", key).path("phone").asText();
    }

    @Test
    void anUpdateLoopIsSlowedDownAndReportedAndOtherRecordsStayFast() throws Exception {
        AtomicBoolean isOn = new AtomicBoolean(true);
        ExecutorService crm = Executors.newSingleThreadExecutor();
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            sluice.start().awaitSettled();
            sluice.sql(TRIGGER);
            String id = sluice.rows("select key, crm_id from sluice.sync_state where key = 'C-00001'"
                            + " and object = 'contacts'")
                    .get("C-00001")
                    .get(0);
            crm.submit(() -> flow(sluice, id, isOn));

            sluice.sql("update customer set phone = 'table' where customer_no = 'C-00001'");
            sluice.awaitOutput("is in an update loop: 9 times in a row the CRM changed it (phone)");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> sluice.number("select coalesce(max(extract(epoch from"
                                    + " held_until - taken_at)), 0)::int from sluice.sync_state where key = 'C-00001'")
                            >= 8);
            assertThat(writes(sluice, id)).as("writes until the pause was 8 s").isBetween(9L, 14L);
            assertThat(sluice.get(sluice.serverPort, "/api/status")
                            .path("syncs")
                            .path("customers-hubspot")
                            .path("updateLoops")
                            .asInt())
                    .isEqualTo(1);

            sluice.sql("update customer set phone = 'free' where customer_no = 'C-00002'");
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> phone(sluice, "C-00002").equals("free"));

            isOn.set(false);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> phone(sluice, "C-00001").equals("table"));
            assertThat(sluice.output().lines().filter(line -> line.contains("is in an update loop: ")))
                    .hasSize(1);
        } finally {
            isOn.set(false);
            crm.shutdownNow();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * A day of month-end traffic, compressed: changes of customers and of their deals in bursts, a transaction each. How many
 * calls they take, beside those of the usual custom integration: one for each change, and one for each echo, which it
 * reads back and sends to its table as if it were a change.
 */
public final class MonthEndBench implements Bench {

    private static final int RECORDS = Integer.getInteger("bench.records", 500_000);
    private static final int DEALS = RECORDS / 5;
    private static final int CHANGES = Integer.getInteger("bench.changes", 200_000);
    /** Of these records, two thirds customers. */
    private static final int CHANGED = Math.min(60_000, Integer.getInteger("bench.changed", RECORDS / 8));

    private static final int BURSTS = 20;
    private static final int WRITERS = 4;
    private static final long SEED = 4711;

    private static final String DEAL_TABLE =
            """
            create table public.%s (
                deal_no text primary key, customer_no text, title text, amount numeric(12, 2), stage text,
                close_date date)""";

    private static final String DEAL_ROWS =
            """
            insert into public.deal
            select 'D-' || n, 'C-' || n * 3 %% %d, 'Deal ' || n, n, 'Prospecting', current_date + 60
            from generate_series(0, %d) as n""";

    private static final String DEAL_SYNC =
            """
            - beans:
                - name: deals
                  type: io.sluice.Sync
                  properties:
                    table: public.deal
                    key: deal_no
                    account: salesforce
                    object: Opportunity
                    externalId: Deal_No__c
                    high: "stage = 'Negotiation/Review'"
                    fields:
                      customer_no: Customer__r.Customer_No__c
                      title: Name
                      amount: Amount
                      stage: StageName
                      close_date: CloseDate
            """;

    private static final List<String> DEAL_FIELDS =
            List.of("Deal_No__c", "Customer__c", "Name", "Amount", "StageName", "CloseDate");
    private static final List<String> STAGES =
            List.of("Prospecting", "Qualification", "Negotiation/Review", "Closed Won");

    private static final String SETTLED =
            """
            select 1 where (select count(*) from sluice.initial_export) = 2
              and not exists (select from sluice.change_log) and not exists (select from sluice.outbox)""";

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        String scene = "%,d customers, %,d deals; %,d changes of %,d records in %d bursts, a transaction each"
                .formatted(RECORDS, DEALS, CHANGES, CHANGED, BURSTS);
        result.put("scene", scene);
        result.put("goal", "at most 1 % of the calls, every change there in the end, 0 refused");
        System.out.println(scene);
        try (LoadScene database = new LoadScene(work, RECORDS);
                FilledSandbox sandbox = new FilledSandbox(work, 0, RECORDS + DEALS)) {
            database.copyIn("customer");
            database.execute(DEAL_TABLE.formatted("deal"));
            database.execute(DEAL_ROWS.formatted(RECORDS, DEALS - 1));
            database.execute("analyze");
            database.declare("deals", DEAL_SYNC);
            try (BackgroundProcess sluice = database.bundle("table", sandbox.port())) {
                database.await(sluice, SETTLED, row -> true);
                JsonNode loaded = sandbox.referee();
                result.put("callsOfTheFirstLoad", loaded.path("accepted").asLong());
                long begin = System.nanoTime();
                change(database.url());
                double changing = (System.nanoTime() - begin) / 1e9;
                database.await(sluice, SETTLED, row -> true);
                result.put("secondsOfChanging", changing);
                result.put("secondsUntilAllWasThere", (System.nanoTime() - begin) / 1e9);
                JsonNode after = sandbox.referee();
                long calls = after.path("accepted").asLong()
                        - loaded.path("accepted").asLong();
                result.put("calls", calls);
                result.put("callsOfTheUsual", 2L * CHANGES);
                result.put("percent", 100.0 * calls / (2L * CHANGES));
                result.put("byOperationSinceTheStart", after.path("byOperation").toString());
                result.put("refused", after.path("refused").asLong());
            }
            database.bringBack(sandbox);
            result.put("customersThatDiffer", database.differing("customer", "arrived"));
            bringBackDeals(database, sandbox);
            result.put("dealsThatDiffer", database.differing("deal", "arrived_deal"));
        }
        result.forEach((name, value) -> System.out.printf("  %-26s %s%n", name, value));
        return result;
    }

    private static void change(String url) throws Exception {
        ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        try {
            for (int burst = 0; burst < BURSTS; burst++) {
                List<Future<?>> all = new ArrayList<>();
                for (int writer = 0; writer < WRITERS; writer++) {
                    long seed = SEED + 31L * burst + writer;
                    all.add(writers.submit(() -> {
                        burst(url, new Random(seed));
                        return null;
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
                // the quiet between two bursts
                Thread.sleep(2_000);
            }
        } finally {
            writers.shutdownNow();
        }
    }

    private static void burst(String url, Random random) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                PreparedStatement customer = connection.prepareStatement(
                        "update public.customer set phone = ?, city = ? where customer_no = ?");
                PreparedStatement deal =
                        connection.prepareStatement("update public.deal set amount = ?, stage = ? where deal_no = ?")) {
            for (int n = 0; n < CHANGES / BURSTS / WRITERS; n++) {
                if (random.nextInt(3) < 2) {
                    customer.setString(1, "+49 " + random.nextInt(1_000_000));
                    customer.setString(2, "City " + random.nextInt(1_000));
                    customer.setString(3, "C-" + random.nextInt(CHANGED * 2 / 3));
                    customer.executeUpdate();
                } else {
                    deal.setInt(1, random.nextInt(1_000_000));
                    deal.setString(2, STAGES.get(random.nextInt(STAGES.size())));
                    deal.setString(3, "D-" + random.nextInt(CHANGED / 3));
                    deal.executeUpdate();
                }
            }
        }
    }

    private static void bringBackDeals(LoadScene database, FilledSandbox sandbox) throws Exception {
        Map<String, String> customers = new HashMap<>();
        try (Stream<JsonNode> contacts = sandbox.records("salesforce", "Contact")) {
            contacts.forEach(it -> customers.put(
                    it.findValue("Id").asText(), it.findValue("Customer_No__c").asText()));
        }
        Path csv = database.work().resolve("deals.csv");
        try (BufferedWriter rows = Files.newBufferedWriter(csv);
                Stream<JsonNode> deals = sandbox.records("salesforce", "Opportunity")) {
            for (Iterator<JsonNode> each = deals.iterator(); each.hasNext(); ) {
                String[] cells = LoadScene.csv(each.next(), DEAL_FIELDS).split(",", -1);
                cells[1] = customers.getOrDefault(cells[1], "");
                rows.write(String.join(",", cells));
            }
        }
        database.execute(DEAL_TABLE.formatted("arrived_deal"));
        database.copyIn("arrived_deal", csv);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Injects each known error of Salesforce, one after the other while Sluice runs, and records the fate of the records and of
 * the account, and the calls used. Writes a table of the results to {@code target/salesforce-errors.md}.
 */
@Execution(ExecutionMode.CONCURRENT)
class SalesforceErrorsIT {

    private static final String FAULTS = "/sandbox/faults/salesforce";
    private static final String RECORDS = "/sandbox/records/salesforce/";
    private static final Path REPORT = Path.of("target/salesforce-errors.md");

    /**
     * Operations that write: by the CRM's id, which is known for all but new records and is read in the same call, and
     * by the external id.
     */
    private static final String WRITES = "[\"composite\",\"collectionsUpsert\"]";

    /** Expects that the sync is paused: it makes no call for a while. */
    private static final String SYNC = "sync waits";

    private static final String DOWN = "health is DOWN";
    private static final String OTHERS_GO_ON = "other syncs go on";
    private static final String RESUMED = "resumed";
    private static final String LATER = "done, a little later";

    /**
     * An error and what must come of it.
     *
     * @param fresh whether the rows are new, so that they go by the external id, and not changed ones
     * @param rows  that are changed or made, in one call as it is
     * @param dead  which of these become dead letters, and what they say: the code, and a word of the message or fields
     * @param said  in the log, or null
     * @param state that {@code /api/status} shows meanwhile, or null
     * @param most  calls to write or with a dead session beyond the one that is needed
     */
    private record Case(
            String error,
            List<String> faults,
            boolean fresh,
            int rows,
            Map<Integer, List<String>> dead,
            String record,
            String account,
            String said,
            String state,
            int most) {

        static Case of(String error, String... faults) {
            return new Case(error, List.of(faults), false, 5, Map.of(), LATER, "goes on", null, null, 0);
        }

        Case ofNewRows() {
            return new Case(error, faults, true, rows, dead, record, account, said, state, most);
        }

        Case rows(int count) {
            return new Case(error, faults, fresh, count, dead, record, account, said, state, most);
        }

        Case dies(Map<Integer, List<String>> which, String message) {
            return new Case(error, faults, fresh, rows, which, message, account, said, state, most);
        }

        Case account(String message, String line, String shown) {
            return new Case(error, faults, fresh, rows, dead, record, message, line, shown, most);
        }

        Case wastes(int calls) {
            return new Case(error, faults, fresh, rows, dead, record, account, said, state, calls);
        }
    }

    private record Counts(long writes, long unauthorized, long logins) {}

    @TempDir
    Path home;

    private RunningSluice sluice;
    private int row;
    private final List<String> report = new ArrayList<>();

    private static String answer(int status, String code, String message, String more) {
        return "{\"kind\":\"answer\",\"operation\":" + WRITES + ",\"status\":" + status + ",\"errorCode\":\"" + code
                + "\",\"message\":\"" + message + "\"" + more + "}";
    }

    private static String page(int status, String body, String more) {
        return "{\"kind\":\"answer\",\"operation\":" + WRITES + ",\"status\":" + status + ",\"body\":\"" + body + "\""
                + more + "}";
    }

    private static String row(int which, String code, String message, String more) {
        return "{\"kind\":\"partial\",\"keys\":[\"{" + which + "}\"],\"errorCode\":\"" + code + "\",\"message\":\""
                + message + "\"" + more + "}";
    }

    private static String refuse(String limit, int count) {
        return "{\"kind\":\"refuse\",\"operation\":" + WRITES + ",\"limit\":\"" + limit + "\",\"count\":" + count + "}";
    }

    private static final String CONTACTS = ",\"object\":\"Contact\"";
    private static final String ONCE = ",\"count\":1";
    private static final String TWICE = ",\"count\":2";
    private static final String ACCOUNT_UNAVAILABLE = "Account salesforce is unavailable: ";

    private static List<Case> ofRecords() {
        return List.of(
                Case.of(
                                "300, an external id that several records have",
                                page(
                                        300,
                                        "[\\\"/services/data/v62.0/sobjects/Contact/003XX0000000001AAA\\\"]",
                                        ",\"keys\":[\"{2}\"]"))
                        .ofNewRows()
                        .dies(
                                Map.of(2, List.of("DUPLICATE_EXTERNAL_ID", "003XX0000000001AAA")),
                                "dead letter with the ids; those that went with it are done")
                        .wastes(6),
                Case.of(
                                "400 of a row: REQUIRED_FIELD_MISSING, DUPLICATE_VALUE, FIELD_CUSTOM_VALIDATION_EXCEPTION,"
                                        + " STRING_TOO_LONG, MALFORMED_ID, INVALID_FIELD,"
                                        + " INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                                row(
                                        0,
                                        "REQUIRED_FIELD_MISSING",
                                        "Required fields are missing: [LastName]",
                                        ",\"fields\":[\"LastName\"]"),
                                row(1, "DUPLICATE_VALUE", "duplicate value found", ",\"fields\":[\"Email\"]"),
                                row(
                                        2,
                                        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                                        "Closed on Sundays",
                                        ",\"fields\":[\"MailingCity\"]"),
                                row(3, "STRING_TOO_LONG", "data value too large", ",\"fields\":[\"MailingCity\"]"),
                                row(4, "MALFORMED_ID", "bad id", ""),
                                row(5, "INVALID_FIELD", "No such column", ""),
                                row(
                                        6,
                                        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                                        "insufficient access rights",
                                        ""))
                        .rows(10)
                        .dies(
                                Map.of(
                                        0,
                                        List.of("REQUIRED_FIELD_MISSING", "LastName"),
                                        1,
                                        List.of("DUPLICATE_VALUE", "Email"),
                                        2,
                                        List.of("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Closed on Sundays"),
                                        3,
                                        List.of("STRING_TOO_LONG", "MailingCity"),
                                        4,
                                        List.of("MALFORMED_ID", "bad id"),
                                        5,
                                        List.of("INVALID_FIELD", "No such column"),
                                        6,
                                        List.of("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "rights")),
                                "dead letter with the fields that are named; those that went with it are done")
                        .wastes(4),
                Case.of(
                                "400 of a row: ENTITY_IS_DELETED, of a record that is there",
                                row(1, "ENTITY_IS_DELETED", "entity is deleted", ONCE))
                        .wastes(1),
                Case.of(
                                "400 of a row: DUPLICATES_DETECTED",
                                row(
                                        1,
                                        "DUPLICATES_DETECTED",
                                        "Use one of these records?",
                                        ",\"duplicateResult\":{\"duplicateRule\":\"One_Contact\",\"matchResults\":[{\"matchRecords\":[{"
                                                + "\"fieldDiffs\":[{\"name\":\"Email\",\"difference\":\"SAME\"}],\"record\":{\"Id\":"
                                                + "\"003XX0000000007AAA\"}}]}]}"))
                        .dies(
                                Map.of(1, List.of("DUPLICATES_DETECTED", "One_Contact", "003XX0000000007AAA", "Email")),
                                "dead letter with the rule, the ids it found and the fields that are alike")
                        .wastes(4),
                Case.of(
                                "400 of a row: UNABLE_TO_LOCK_ROW",
                                "{\"kind\":\"rowLock\",\"keys\":[\"{0}\",\"{3}\"],\"count\":2}")
                        .wastes(3),
                Case.of(
                                "400 of the call: UNABLE_TO_LOCK_ROW",
                                answer(
                                        400,
                                        "UNABLE_TO_LOCK_ROW",
                                        "unable to obtain exclusive"
                                                + " access to this record or 1 records: 003XX0000000007AAA",
                                        ONCE))
                        .wastes(3),
                Case.of(
                                "400 of the call, about one of 200 records: JSON_PARSER_ERROR, MALFORMED_ID",
                                answer(400, "JSON_PARSER_ERROR", "Cannot deserialize", ",\"keys\":[\"{77}\"]"))
                        .rows(200)
                        .dies(
                                Map.of(77, List.of("JSON_PARSER_ERROR", "Cannot deserialize")),
                                "dead letter; the others are done, in smaller calls")
                        .wastes(18),
                Case.of("414, 431: too long", page(414, "", ONCE), page(431, "", ONCE))
                        .wastes(8)
                        .account("goes on, with smaller calls", null, null));
    }

    private static List<Case> ofSyncs() {
        String waits = "Sync customers-salesforce: the CRM rejects every call: ";
        return List.of(
                Case.of(
                                "400 of the call: INVALID_TYPE, INVALID_FIELD",
                                answer(
                                        400,
                                        "INVALID_FIELD",
                                        "No such column 'Tier__c' on sobject of type Contact",
                                        CONTACTS + ONCE))
                        .wastes(1)
                        .account(
                                "the sync is paused, tries again by itself",
                                waits + "INVALID_FIELD: No such column",
                                SYNC),
                Case.of(
                                "403: INSUFFICIENT_ACCESS",
                                answer(403, "INSUFFICIENT_ACCESS", "insufficient access rights", CONTACTS + TWICE))
                        .wastes(2)
                        .account(
                                "the sync is paused, tries again by itself; other syncs go on",
                                waits + "INSUFFICIENT_ACCESS: insufficient access rights",
                                SYNC),
                Case.of(
                                "404 of the call: NOT_FOUND",
                                answer(404, "NOT_FOUND", "The requested resource does not exist", CONTACTS + ONCE))
                        .wastes(1)
                        .account("the sync is paused, tries again by itself", waits + "NOT_FOUND", SYNC),
                Case.of("405", answer(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed", CONTACTS + ONCE))
                        .wastes(1)
                        .account("the sync is paused, tries again by itself", waits + "METHOD_NOT_ALLOWED", SYNC),
                Case.of("415", answer(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported", CONTACTS + ONCE))
                        .wastes(1)
                        .account("the sync is paused, tries again by itself", waits + "UNSUPPORTED_MEDIA_TYPE", SYNC));
    }

    private static List<Case> ofAccounts() {
        return List.of(
                Case.of("401: the session has expired", "{\"kind\":\"expireTokens\"}")
                        .wastes(2)
                        .account("signs in once", null, null),
                Case.of(
                                "401: another session would be refused too",
                                answer(
                                        401,
                                        "INVALID_SESSION_ID",
                                        "This session is not valid for use with the REST API",
                                        ONCE))
                        .wastes(1)
                        .account(
                                "paused, tries again with growing pauses, no login",
                                ACCOUNT_UNAVAILABLE + "INVALID_SESSION_ID: This"
                                        + " session is not valid for use with the REST API",
                                "sign-in"),
                Case.of(
                                "401: the connected app is not attached",
                                answer(401, "INVALID_SESSION_ID", "Connected app is not attached to Agent", ONCE))
                        .wastes(1)
                        .account(
                                "paused, tries again with growing pauses, no login",
                                ACCOUNT_UNAVAILABLE + "INVALID_SESSION_ID:" + " Connected app is not attached to Agent",
                                "sign-in"),
                Case.of(
                                "401: a new session is refused like the old one",
                                answer(401, "INVALID_SESSION_ID", "Session expired or invalid", TWICE))
                        .wastes(2)
                        .account("paused, one login and one call with growing pauses", null, null),
                Case.of("403: REQUEST_LIMIT_EXCEEDED, of the day", refuse("daily", 2))
                        .wastes(2)
                        .account("paused, one call at a time tries again", "its daily limit is used up", "daily"),
                Case.of("403: REQUEST_LIMIT_EXCEEDED, too many at once", refuse("concurrent", 1))
                        .wastes(1)
                        .account(
                                "paused, one call at a time tries again",
                                "its concurrent limit is used up",
                                "concurrent"),
                Case.of(
                                "403: API_DISABLED_FOR_ORG",
                                answer(
                                        403,
                                        "API_DISABLED_FOR_ORG",
                                        "API is not enabled for this" + " Organization or Partner",
                                        TWICE))
                        .wastes(2)
                        .account(
                                "paused, one call at a time tries again; health is DOWN",
                                "API_DISABLED_FOR_ORG: API is not enabled",
                                "access"),
                Case.of("406, 420, without a word", page(406, "", ONCE), page(420, "", ONCE))
                        .wastes(2)
                        .account("rests, longer each time", ACCOUNT_UNAVAILABLE + "HTTP_406: empty answer", null),
                Case.of(
                                "500: UNKNOWN_EXCEPTION, INTERNAL_SERVER_ERROR",
                                answer(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", ONCE),
                                answer(500, "INTERNAL_SERVER_ERROR", "Oops", ONCE))
                        .wastes(2)
                        .account(
                                "rests, longer each time",
                                ACCOUNT_UNAVAILABLE + "UNKNOWN_EXCEPTION: An unexpected error",
                                null),
                Case.of("503: SERVER_UNAVAILABLE", answer(503, "SERVER_UNAVAILABLE", "too busy", TWICE))
                        .wastes(2)
                        .account("rests, longer each time", ACCOUNT_UNAVAILABLE + "SERVER_UNAVAILABLE: too busy", null),
                Case.of(
                                "503: a maintenance page",
                                "{\"kind\":\"unavailable\",\"html\":true,\"operation\":" + WRITES + TWICE + "}")
                        .wastes(2)
                        .account(
                                "rests, longer each time",
                                ACCOUNT_UNAVAILABLE + "HTTP_503: Maintenance Down for maintenance We are down",
                                null),
                Case.of(
                                "a login that is refused",
                                "{\"kind\":\"expireTokens\"}",
                                "{\"kind\":\"answer\",\"operation\":\"token\","
                                        + "\"status\":400,\"errorCode\":\"invalid_grant\",\"message\":\"user is locked out\""
                                        + TWICE + "}")
                        .wastes(2)
                        .account(
                                "rests, longer each time, without a call; health is DOWN in the login's own words;"
                                        + " tries at once when it is " + RESUMED,
                                "user is locked out",
                                null));
    }

    @Test
    void eachErrorCostsFewCallsAndNoRecordButTheOneItIsAbout() throws Exception {
        try (RunningSluice running = new RunningSluice(home)
                .with("sluice.retry.initial-delay", "200ms")
                .with("sluice.poll.min-interval", "1s")
                .with("sluice.poll.max-interval", "3s")
                // each change is a call of its own, which a fault can meet
                .with("sluice.composite.max-collections", 1)) {
            sluice = running.start().awaitSettled();
            report.add("| error | record | account | calls wasted |");
            report.add("|---|---|---|---|");
            for (Case one : ofRecords()) {
                run(one);
            }
            goneIsMadeAgain();
            goneIsDeleted();
            for (Case one : ofSyncs()) {
                run(one);
            }
            for (Case one : ofAccounts()) {
                run(one);
            }
            aQueryIsAskedAgain();
            bothSidesAreTheSame();
        } finally {
            String table = String.join("\n", report) + "\n";
            Files.writeString(REPORT, table);
            System.out.println(table);
        }
    }

    private void run(Case one) throws Exception {
        int first = row + 1;
        row += one.rows();
        List<String> keys = IntStream.rangeClosed(first, row)
                .mapToObj((one.fresh() ? "N-%05d" : "C-%05d")::formatted)
                .toList();
        List<String> dead =
                new TreeSet<>(one.dead().keySet()).stream().map(keys::get).toList();
        Counts before = counts();
        int log = sluice.output().length();
        for (String fault : one.faults()) {
            String filled = fault;
            for (int i = 0; i < one.rows(); i++) {
                filled = filled.replace("{" + i + "}", keys.get(i));
            }
            assertThat(sluice.sandbox("POST", FAULTS, filled).statusCode())
                    .as(filled)
                    .isEqualTo(200);
        }
        sluice.sql(
                one.fresh()
                        ? "insert into customer (customer_no, last_name, tier, newsletter, city)"
                                + " select key, 'New', 'silver', false, 'Case " + first + "' from unnest(array["
                                + quoted(keys) + "]) key"
                        : "update customer set city = 'Case " + first + "' where customer_no in (" + quoted(keys)
                                + ")");
        if (SYNC.equals(one.state())) {
            sluice.sql("update deal set title = 'Deal " + first + "' where deal_no = 'D-0001'");
        }
        Set<String> seen = new LinkedHashSet<>();
        try {
            // a login that is refused is not tried again for 15 seconds
            await().atMost(Duration.ofSeconds(80))
                    .pollInterval(Duration.ofMillis(25))
                    .until(() -> {
                        states(seen, first);
                        if (one.account().endsWith(RESUMED)
                                && sluice.output().substring(log).split("login failed").length > 2
                                && seen.add(RESUMED)) {
                            assertThat(sluice.api("POST", "/api/accounts/salesforce/resume")
                                            .statusCode())
                                    .isEqualTo(200);
                        }
                        if (one.account().contains(DOWN)) {
                            health(seen);
                        }
                        return nothingWaits();
                    });
        } catch (ConditionTimeoutException late) {
            throw new AssertionError(
                    one.error() + " is not over:\n" + sluice.output().substring(log), late);
        }
        Counts after = counts();
        sluice.sandbox("DELETE", FAULTS, "");
        String said = sluice.output().substring(log);
        long wasted = after.writes()
                - before.writes()
                - (SYNC.equals(one.state()) ? 2 : 1)
                + after.unauthorized()
                - before.unauthorized();
        report.add("| %s | %s | %s | %d |".formatted(one.error(), one.record(), one.account(), wasted));

        Map<String, List<String>> letters = sluice.rows(
                "select key, code, message, coalesce(rejected_fields::text, '')" + " from sluice.dead_letter");
        assertThat(letters.keySet()).as(one.error()).containsExactlyInAnyOrderElementsOf(dead);
        one.dead().forEach((which, words) -> assertThat(String.join(" ", letters.get(keys.get(which))))
                .as(one.error())
                .contains(words));
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        assertThat(keys).as(one.error()).filteredOn(key -> !dead.contains(key)).allSatisfy(key -> assertThat(
                        contacts.get(key).path("MailingCity").asText())
                .isEqualTo("Case " + first));
        assertThat(wasted).as(() -> one.error() + ", calls wasted:\n" + said).isBetween(0L, (long) one.most());
        if (one.said() != null) {
            assertThat(said).as(one.error()).contains(one.said());
        }
        if (one.state() != null) {
            assertThat(seen).as(one.error()).contains(one.state());
        }
        if (one.account().contains(DOWN)) {
            assertThat(seen)
                    .as(one.error())
                    .anySatisfy(it -> assertThat(it).startsWith(DOWN).contains(one.said()));
        }
        if (one.account().endsWith(OTHERS_GO_ON)) {
            assertThat(seen).as(one.error()).contains(OTHERS_GO_ON);
        }
        assertThat(after.logins() - before.logins())
                .as(() -> one.error() + ", logins:\n" + said)
                .isLessThanOrEqualTo(logins(one));
        mend(first, dead);
    }

    /** One that heals it; of the others as many as were refused, and that one. */
    private static long logins(Case one) {
        if (one.error().startsWith("401: the session") || one.error().startsWith("a login")) {
            return one.error().startsWith("a login") ? 3 : 1;
        }
        return one.error().startsWith("401: a new session") ? 2 : 0;
    }

    /** What is wrong is mended in the table, and all that stands in the dead letter goes with it. */
    private void mend(int first, List<String> dead) throws Exception {
        if (!dead.isEmpty()) {
            sluice.sql("update customer set city = 'Mended " + first + "' where customer_no in (" + quoted(dead) + ")");
            sluice.awaitSettled();
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        }
    }

    /** What /api/status shows now: refusals by their kind, and a sync that its CRM has stopped. */
    private void states(Set<String> seen, int first) throws SQLException {
        JsonNode status = sluice.get(sluice.serverPort, "/api/status");
        status.path("accounts")
                .path("salesforce")
                .path("refusals")
                .forEach(it -> seen.add(it.path("kind").asText()));
        JsonNode paused = status.path("syncs").path("customers-salesforce").path("paused");
        if (paused.path("by").asText().equals("crm") && paused.hasNonNull("until") && paused.hasNonNull("reason")) {
            seen.add(SYNC);
            if (sluice.number("select count(*) from sluice.sync_state where key = 'D-0001' and base ->> 'Name' = 'Deal "
                            + first + "'")
                    == 1) {
                seen.add(OTHERS_GO_ON);
            }
        }
    }

    private void health(Set<String> seen) {
        JsonNode health = sluice.get(sluice.managementPort, "/observe/health");
        if (health.path("status").asText().equals("DOWN")) {
            seen.add(DOWN + ": " + health);
        }
    }

    /** A record that a CRM's user has deleted before the table's later change: the later wins, and sends all of the record. */
    private void goneIsMadeAgain() throws Exception {
        String key = withoutDeals("min");
        long before = counts().writes();
        assertThat(sluice.sandbox("DELETE", RECORDS + "Contact/" + key, "").statusCode())
                .isEqualTo(200);
        // of one second, in which Salesforce tells times, the delete would win
        long deletedAt = System.currentTimeMillis() / 1000;
        await().pollInterval(Duration.ofMillis(50)).until(() -> System.currentTimeMillis() / 1000 > deletedAt);
        sluice.sql("update customer set city = 'Again' where customer_no = '" + key + "'");
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        List<String> customer = sluice.rows(
                        "select customer_no, last_name, phone, city from customer where customer_no = '" + key + "'")
                .get(key);
        JsonNode contact = sluice.record("salesforce", "Contact", key);
        assertThat(contact).isNotNull();
        assertThat(List.of(
                        contact.path("LastName").asText(),
                        contact.path("Phone").asText(),
                        contact.path("MailingCity").asText()))
                .isEqualTo(customer)
                .last()
                .isEqualTo("Again");
        long wasted = counts().writes() - before - 1;
        assertThat(wasted).isLessThanOrEqualTo(1);
        report.add(
                "| 404 of a write: ENTITY_IS_DELETED, NOT_FOUND | made again whole, for the table's change is later |"
                        + " goes on | " + wasted + " |");
    }

    private String withoutDeals(String which) throws SQLException {
        return sluice.rows("select " + which + "(c.customer_no), 1 from customer c left join deal d using (customer_no)"
                        + " where d.deal_no is null and c.customer_no between 'C-00900' and 'C-00998'")
                .keySet()
                .iterator()
                .next();
    }

    /** A record that a CRM's user has deleted before us. */
    private void goneIsDeleted() throws Exception {
        String key = withoutDeals("max");
        long before = sluice.counted();
        assertThat(sluice.sandbox("DELETE", RECORDS + "Contact/" + key, "").statusCode())
                .isEqualTo(200);
        sluice.sql("delete from customer where customer_no = '" + key + "'");
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        assertThat(sluice.records("Contact", "Customer_No__c")).doesNotContainKey(key);
        assertThat(sluice.counted() - before)
                .as("the delete, and looks that were due")
                .isLessThanOrEqualTo(4);
        report.add("| 404 of a delete: ENTITY_IS_DELETED, NOT_FOUND | done: it is gone | goes on | 0 |");
    }

    private void aQueryIsAskedAgain() throws Exception {
        long before = status400();
        sluice.sandbox(
                "POST",
                FAULTS,
                "{\"kind\":\"answer\",\"operation\":\"query\",\"errorCode\":"
                        + "\"INVALID_QUERY_LOCATOR\",\"message\":\"invalid query locator\",\"count\":1}");
        assertThat(sluice.sandbox("POST", RECORDS + "Contact/C-00999", "{\"Phone\":\"+49 query\"}")
                        .statusCode())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> sluice.rows("select customer_no, phone from customer where customer_no = 'C-00999'")
                                .get("C-00999")
                                .get(0)
                                .equals("+49 query")
                        && sluice.get(sluice.sandboxPort, FAULTS).path("faults").isEmpty());
        long wasted = status400() - before;
        assertThat(wasted).isEqualTo(1);
        report.add("| 400 of a query: INVALID_QUERY_LOCATOR, MALFORMED_QUERY, QUERY_TIMEOUT | read by the next look |"
                + " goes on | " + wasted + " |");
    }

    private long status400() {
        return sluice.referee().path("byStatus").path("400").asLong();
    }

    private void bothSidesAreTheSame() throws Exception {
        sluice.awaitSettled();
        Map<String, List<String>> customers = sluice.rows("select customer_no, city, last_name from customer");
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        assertThat(contacts.keySet()).isEqualTo(customers.keySet());
        contacts.forEach((key, contact) -> assertThat(List.of(
                        contact.path("MailingCity").asText(),
                        contact.path("LastName").asText()))
                .as(key)
                .isEqualTo(customers.get(key)));
        Map<String, List<String>> deals = sluice.rows("select deal_no, title from deal");
        sluice.records("Opportunity", "Deal_No__c")
                .forEach((key, deal) ->
                        assertThat(List.of(deal.path("Name").asText())).as(key).isEqualTo(deals.get(key)));
        assertThat(sluice.referee().path("byOperation").path("bulkCreate").asLong())
                .as("bulk jobs")
                .isZero();
        assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        // a poll may be in flight between the two
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> sluice.ledger() == sluice.counted());
    }

    private boolean nothingWaits() throws SQLException {
        return sluice.number("select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)")
                == 0;
    }

    private Counts counts() {
        JsonNode referee = sluice.referee();
        return new Counts(
                referee.path("byOperation").path("collectionsUpsert").asLong()
                        + referee.path("byOperation").path("composite").asLong(),
                referee.path("unauthorized").asLong(),
                referee.path("byOperation").path("token").asLong());
    }

    private static String quoted(List<String> keys) {
        return "'" + String.join("', '", keys) + "'";
    }
}

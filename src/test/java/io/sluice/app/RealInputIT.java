// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads real CRM exports into tables of their own with a sync each. */
class RealInputIT {

    private static final Path DATA = Path.of("..", "shared", "data");

    /** CSV column to CRM field. */
    private static final Map<String, String> ACCOUNT = fields(
            "NAME",
            "Name",
            "TYPE",
            "Type",
            "BILLINGSTREET",
            "BillingStreet",
            "BILLINGCITY",
            "BillingCity",
            "BILLINGSTATE",
            "BillingState",
            "BILLINGPOSTALCODE",
            "BillingPostalCode",
            "BILLINGCOUNTRY",
            "BillingCountry",
            "PHONE",
            "Phone",
            "FAX",
            "Fax",
            "WEBSITE",
            "Website",
            "INDUSTRY",
            "Industry",
            "DESCRIPTION",
            "Description");

    private static final Map<String, String> CONTACT = fields(
            "FirstName",
            "FirstName",
            "LastName",
            "LastName",
            "MailingCity",
            "MailingCity",
            "MailingCountry",
            "MailingCountry",
            "MailingPostalCode",
            "MailingPostalCode",
            "MailingState",
            "MailingState",
            "MailingStreet",
            "MailingStreet",
            "MobilePhone",
            "MobilePhone");

    @TempDir
    Path home;

    @Test
    void everyRowOfARealExportArrivesAsItIs() throws Exception {
        assumeTrue(
                Files.exists(DATA.resolve("accounts.csv")),
                "skipped: there are no exports in " + DATA.toAbsolutePath().normalize());
        List<NamedCsvRecord> accounts = read("accounts.csv");
        List<NamedCsvRecord> contacts = read("contacts.csv");
        try (RunningSluice sluice = new RunningSluice(home).withoutSyncs().with("sluice.demo", "false")) {
            sluice.start().awaitOutput("No sync is declared");
            load(sluice, "account_export", "ID", ACCOUNT, accounts);
            load(sluice, "contact_export", "Email", CONTACT, contacts);
            sluice.sql("update contact_export set \"LastName\" = E'Müller-\"Weiß\"\\nÅngström, O''Brien \\\\ 東京'"
                    + " where \"Email\" = '" + contacts.get(0).getField("Email") + "'");
            sluice.stop();

            sluice.withSync(
                    "accounts.camel.yaml",
                    RunningSluice.sync(
                            "accounts", "account_export", "ID", "salesforce", "Account", "Ext_Id__c", ACCOUNT));
            sluice.withSync(
                    "contacts.camel.yaml",
                    RunningSluice.sync(
                            "contacts", "contact_export", "Email", "salesforce", "Contact", "Customer_No__c", CONTACT));
            sluice.start().awaitOutput("Account salesforce is ready").awaitSettled();

            assertThat(sluice.rows("select key, code, message from sluice.dead_letter"))
                    .isEmpty();
            same(sluice, "account_export", "ID", ACCOUNT, sluice.records("Account", "Ext_Id__c"), accounts.size());
            same(
                    sluice,
                    "contact_export",
                    "Email",
                    CONTACT,
                    sluice.records("Contact", "Customer_No__c"),
                    contacts.size());
            assertThat(sluice.record("salesforce", "Contact", contacts.get(0).getField("Email"))
                            .path("LastName")
                            .asText())
                    .isEqualTo("Müller-\"Weiß\"\nÅngström, O'Brien \\ 東京");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }

    private static void same(
            RunningSluice sluice,
            String table,
            String key,
            Map<String, String> fields,
            Map<String, JsonNode> records,
            int rows)
            throws SQLException {
        assertThat(records).hasSize(rows);
        sluice.rows("select \"" + key + "\", " + columns(fields) + " from " + table)
                .forEach((id, row) -> {
                    int i = 0;
                    for (String field : fields.values()) {
                        assertThat(records.get(id).path(field).asText(""))
                                .as(id + " " + field)
                                .isEqualTo(row.get(i) == null ? "" : row.get(i));
                        i++;
                    }
                });
    }

    private static String columns(Map<String, String> fields) {
        return fields.keySet().stream().map(name -> '"' + name + '"').collect(Collectors.joining(", "));
    }

    private static List<NamedCsvRecord> read(String file) throws Exception {
        try (CsvReader<NamedCsvRecord> csv = CsvReader.builder().ofNamedCsvRecord(DATA.resolve(file));
                Stream<NamedCsvRecord> rows = csv.stream()) {
            return rows.toList();
        }
    }

    /** An empty cell of an export is a null. */
    private static void load(
            RunningSluice sluice, String table, String key, Map<String, String> fields, List<NamedCsvRecord> rows)
            throws SQLException {
        try (Connection connection = sluice.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("create table " + table + " (\"" + key + "\" text primary key, "
                    + fields.keySet().stream()
                            .map(name -> '"' + name + "\" text")
                            .collect(Collectors.joining(", "))
                    + ")");
            try (PreparedStatement insert = connection.prepareStatement(
                    "insert into " + table + " values (?" + ", ?".repeat(fields.size()) + ")")) {
                for (NamedCsvRecord row : rows) {
                    insert.setString(1, row.getField(key));
                    int i = 2;
                    for (String name : fields.keySet()) {
                        insert.setString(i++, row.getField(name).isEmpty() ? null : row.getField(name));
                    }
                    insert.addBatch();
                }
                insert.executeBatch();
            }
        }
    }

    private static Map<String, String> fields(String... names) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < names.length; i += 2) {
            fields.put(names[i], names[i + 1]);
        }
        return fields;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Converts a lead into an account, a contact and, unless the call says no, an opportunity (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_convertlead.htm">convertLead()</a>).
 * Standard fields are copied as "Lead Conversion Field Mapping" says. A conversion is atomic.
 */
final class LeadConversion {

    private static final Map<String, String> TO_ACCOUNT = named("Company Name Phone Phone Fax Fax Website Website "
            + "Industry Industry Rating Rating LeadSource AccountSource Street BillingStreet City BillingCity State "
            + "BillingState PostalCode BillingPostalCode Country BillingCountry AnnualRevenue AnnualRevenue "
            + "NumberOfEmployees NumberOfEmployees");
    private static final Map<String, String> TO_CONTACT =
            named("Salutation Salutation FirstName FirstName LastName LastName "
                    + "Title Title Email Email Phone Phone MobilePhone MobilePhone Fax Fax LeadSource LeadSource Street MailingStreet "
                    + "City MailingCity State MailingState PostalCode MailingPostalCode Country MailingCountry Description "
                    + "Description HasOptedOutOfEmail HasOptedOutOfEmail");

    private final Store store;
    private final RecordWriter writer;

    LeadConversion(Store store, RecordWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    /**
     * Holds the result of a conversion; the ids are null when it failed, and the opportunity's id when none was
     * created.
     */
    record Result(String lead, String account, String contact, String opportunity, Outcome outcome) {}

    Result convert(Element asked) {
        String lead = asked.value("leadId").orElse("");
        Transaction.Savepoint before = writer.savepoint();
        try {
            return converted(asked, lead);
        } catch (RefusedException e) {
            writer.backTo(before);
            return new Result(lead, null, null, null, Outcome.Rejected.because(e.error()));
        }
    }

    private Result converted(Element asked, String id) {
        Table leads = table("Lead");
        Row lead = writer.record(leads, id);
        if (Boolean.TRUE.equals(value(leads, lead, "IsConverted"))) {
            throw new RefusedException("CANNOT_UPDATE_CONVERTED_LEAD", "lead has already been converted");
        }
        String status = asked.value("convertedStatus").orElse("");
        if (!StandardObjects.CONVERTED_LEAD.equals(status)) {
            throw new RefusedException("INVALID_STATUS", "invalid convertedStatus: " + status);
        }
        String owner = asked.value("ownerId").orElseGet(() -> (String) value(leads, lead, "OwnerId"));
        String account = given(asked, "accountId")
                .map(known -> completed("Account", known, filled(lead, TO_ACCOUNT, owner)))
                .orElseGet(() -> made("Account", filled(lead, TO_ACCOUNT, owner)));
        boolean overwrites =
                given(asked, "overwriteLeadSource").map(Boolean::parseBoolean).orElse(false);
        String contact = given(asked, "contactId")
                .map(known -> joined(known, account, filled(lead, TO_CONTACT, owner), overwrites))
                .orElseGet(() -> made("Contact", filled(lead, TO_CONTACT, owner).put("AccountId", account)));
        boolean isWanted = !asked.value("doNotCreateOpportunity")
                .map(Boolean::parseBoolean)
                .orElse(false);
        String opportunity = given(asked, "opportunityId")
                .orElseGet(() -> isWanted
                        ? made(
                                "Opportunity",
                                Answers.JSON
                                        .createObjectNode()
                                        .put(
                                                "Name",
                                                given(asked, "opportunityName")
                                                        .orElseGet(() -> value(leads, lead, "Company") + "-"))
                                        .put("StageName", "Prospecting")
                                        .put("CloseDate", endOfQuarter().toString())
                                        .put("AccountId", account)
                                        .put("OwnerId", owner)
                                        .put("LeadSource", (String) value(leads, lead, "LeadSource")))
                        : null);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("IsConverted", true);
        values.put("Status", status);
        values.put("ConvertedDate", (int) today().toEpochDay());
        values.put("ConvertedAccountId", account);
        values.put("ConvertedContactId", contact);
        values.put("ConvertedOpportunityId", opportunity);
        saved(writer.changeOwn(leads, lead.id(), values));
        return new Result(lead.id(), account, contact, opportunity, new Outcome.Saved(lead.id(), false));
    }

    private static Optional<String> given(Element asked, String name) {
        return asked.value(name).filter(text -> !text.isBlank());
    }

    /** Fills the empty fields of an existing record. */
    private String completed(String object, String id, ObjectNode values) {
        Table table = table(object);
        Row row = writer.record(table, id);
        values.remove(table.type().fields().stream()
                .filter(field -> field.read(row) != null)
                .map(Field::name)
                .toList());
        return values.isEmpty() ? row.id() : saved(writer.update(table, row.id(), new SentRecord.Json(values)));
    }

    /** Fills an existing contact, and links it to this account when it had none. */
    private String joined(String id, String account, ObjectNode values, boolean overwritesSource) {
        Table contacts = table("Contact");
        Object of = value(contacts, writer.record(contacts, id), "AccountId");
        if (of != null && !of.equals(account)) {
            throw new RefusedException("INVALID_CROSS_REFERENCE_KEY", "The contact belongs to another account");
        }
        if (overwritesSource && values.has("LeadSource")) {
            saved(writer.update(
                    contacts,
                    id,
                    new SentRecord.Json(Answers.JSON.createObjectNode().set("LeadSource", values.get("LeadSource")))));
        }
        return completed("Contact", id, values.put("AccountId", account));
    }

    private String made(String object, ObjectNode record) {
        return saved(writer.create(table(object), new SentRecord.Json(record)));
    }

    private static String saved(Outcome outcome) {
        if (outcome instanceof Outcome.Rejected rejected) {
            throw new RefusedException(rejected.errors().get(0));
        }
        return ((Outcome.Saved) outcome).id();
    }

    private ObjectNode filled(Row lead, Map<String, String> mapping, String owner) {
        ObjectNode record = Answers.JSON.createObjectNode().put("OwnerId", owner);
        Table leads = table("Lead");
        mapping.forEach((from, to) -> {
            FieldType type = leads.type().field(from).orElseThrow().type();
            Object value = type.toWire(value(leads, lead, from));
            if (value != null) {
                record.set(to, Answers.JSON.valueToTree(value));
            }
        });
        return record;
    }

    private static Object value(Table table, Row row, String field) {
        return table.type().field(field).orElseThrow().read(row);
    }

    private Table table(String object) {
        return store.table(object).orElseThrow();
    }

    private LocalDate today() {
        return Instant.ofEpochMilli(store.now()).atZone(ZoneOffset.UTC).toLocalDate();
    }

    private LocalDate endOfQuarter() {
        LocalDate today = today();
        return today.withDayOfMonth(1)
                .withMonth((today.getMonthValue() - 1) / 3 * 3 + 1)
                .plusMonths(3)
                .minusDays(1);
    }

    /** Splits pairs of names. */
    private static Map<String, String> named(String pairs) {
        Map<String, String> mapping = new LinkedHashMap<>();
        List<String> words = List.of(pairs.split(" "));
        for (int i = 0; i < words.size(); i += 2) {
            mapping.put(words.get(i), words.get(i + 1));
        }
        return mapping;
    }
}

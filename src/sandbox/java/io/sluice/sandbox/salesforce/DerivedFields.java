// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.computed;

import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * Declares standard fields that the org derives from other records and fields, such as the product code of a price book
 * entry ("PricebookEntry", "OpportunityLineItem" and "Opportunity" in the <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/">Object Reference</a>).
 */
final class DerivedFields {

    private static final String MEMBER = "CampaignMember";

    private final Store store;

    private DerivedFields(Store store) {
        this.store = store;
    }

    static void declare(Store store) {
        DerivedFields fields = new DerivedFields(store);
        fields.ofParent("PricebookEntry", "Name", "Product Name", "Product2.Name");
        fields.ofParent("PricebookEntry", "ProductCode", "Product Code", "Product2.ProductCode");
        fields.ofParent("OpportunityLineItem", "Product2Id", "Product ID", "PricebookEntry.Product2Id");
        fields.ofParent("OpportunityLineItem", "ProductCode", "Product Code", "PricebookEntry.ProductCode");
        fields.ofParent("OpportunityLineItem", "ListPrice", "List Price", "PricebookEntry.UnitPrice");
        fields.ofParent("Case", "ContactPhone", "Contact Phone", "Contact.Phone");
        fields.ofParent("Case", "ContactMobile", "Contact Mobile", "Contact.MobilePhone");
        fields.ofParent("Case", "ContactEmail", "Contact Email", "Contact.Email");
        fields.ofParent("Case", "ContactFax", "Contact Fax", "Contact.Fax");
        fields.ofMember();
        fields.ofCampaign();
        fields.ofRow(
                "OpportunityLineItem",
                "Subtotal",
                "Subtotal",
                List.of("Quantity", "UnitPrice"),
                values -> product(values, 1));
        fields.ofRow(
                "Opportunity",
                "ExpectedRevenue",
                "Expected Amount",
                List.of("Amount", "Probability"),
                values -> product(values, 100));
    }

    /** Declares the fields of a campaign's member that show those of its lead or contact. */
    private void ofMember() {
        for (String name : List.of(
                "Salutation",
                "Name",
                "FirstName",
                "LastName",
                "Title",
                "Description",
                "DoNotCall",
                "Email",
                "Fax",
                "HasOptedOutOfEmail",
                "HasOptedOutOfFax",
                "LeadSource",
                "MobilePhone",
                "Phone")) {
            ofPerson(name, "Lead." + name, "Contact." + name);
        }
        for (String part : List.of("City", "Country", "PostalCode", "State", "Street")) {
            ofPerson(part, "Lead." + part, "Contact.Mailing" + part);
        }
        ofPerson("CompanyOrAccount", "Lead.Company", "Contact.Account.Name");
        ofPerson("LeadOrContactId", "Lead.Id", "Contact.Id");
        ofPerson("LeadOrContactOwnerId", "Lead.OwnerId", "Contact.OwnerId");
        Table members = store.table(MEMBER).orElseThrow();
        store.declare(
                members,
                computed(
                                "Type",
                                "Type",
                                FieldType.PICKLIST,
                                row -> value(members, "LeadId", row) != null
                                        ? "Lead"
                                        : value(members, "ContactId", row) != null ? "Contact" : null)
                        .withLength(40));
    }

    private void ofPerson(String name, String ofLead, String ofContact) {
        Table members = store.table(MEMBER).orElseThrow();
        Path lead = Path.resolve(store, members, ofLead);
        Path contact = Path.resolve(store, members, ofContact);
        FieldType type = lead.field().type() == FieldType.ID
                ? FieldType.REFERENCE
                : lead.field().type();
        store.declare(
                members,
                computed(
                                name,
                                lead.field().label(),
                                type,
                                row -> value(members, "LeadId", row) != null ? lead.read(row) : contact.read(row))
                        .withLength(lead.field().length()));
    }

    /** Declares the numbers that a campaign counts. */
    private void ofCampaign() {
        ofChildren(
                "NumberOfLeads", "Leads in Campaign", MEMBER, (members, row) -> value(members, "LeadId", row) != null);
        ofChildren(
                "NumberOfContacts",
                "Contacts in Campaign",
                MEMBER,
                (members, row) -> value(members, "ContactId", row) != null);
        ofChildren(
                "NumberOfResponses",
                "Responses in Campaign",
                MEMBER,
                (members, row) -> Boolean.TRUE.equals(value(members, "HasResponded", row)));
        ofChildren("NumberOfOpportunities", "Opportunities in Campaign", "Opportunity", (deals, row) -> true);
        ofChildren(
                "NumberOfWonOpportunities",
                "Won Opportunities in Campaign",
                "Opportunity",
                (deals, row) -> Boolean.TRUE.equals(value(deals, "IsWon", row)));
    }

    /** Declares the number of a campaign's children that pass a test. */
    private void ofChildren(String name, String label, String children, BiPredicate<Table, Row> test) {
        Table table = store.table(children).orElseThrow();
        store.declare(store.table("Campaign").orElseThrow(), computed(name, label, FieldType.INT, campaign -> {
            int count = 0;
            for (Row row : table) {
                count += !row.isDeleted()
                                && campaign.id().equals(value(table, "CampaignId", row))
                                && test.test(table, row)
                        ? 1
                        : 0;
            }
            return count;
        }));
    }

    private static Object value(Table table, String field, Row row) {
        return StandardFields.read(table.type(), field, row);
    }

    /** Declares a field that shows a field of a parent. */
    private void ofParent(String object, String name, String label, String path) {
        Table table = store.table(object).orElseThrow();
        Path parent = Path.resolve(store, table, path);
        store.declare(
                table,
                computed(name, label, parent.field().type(), parent::read)
                        .withLength(parent.field().length()));
    }

    /** Declares an amount that is calculated from fields of the record. */
    private void ofRow(
            String object, String name, String label, List<String> fields, Function<List<Object>, Object> amount) {
        Table table = store.table(object).orElseThrow();
        Function<Row, Object> reader = row -> amount.apply(fields.stream()
                .map(field -> StandardFields.read(table.type(), field, row))
                .map(value -> value == null ? Double.NaN : value)
                .toList());
        store.declare(table, computed(name, label, FieldType.CURRENCY, reader));
    }

    /** Multiplies two numbers and divides by the divisor; null when a number is missing. */
    private static Object product(List<Object> values, double divisor) {
        double product = (Double) values.get(0) * (Double) values.get(1) / divisor;
        return Double.isNaN(product) ? null : product;
    }
}

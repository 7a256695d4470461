package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.store.FieldType.ADDRESS;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.CURRENCY;
import static io.sluice.sandbox.store.FieldType.DATE;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.DOUBLE;
import static io.sluice.sandbox.store.FieldType.EMAIL;
import static io.sluice.sandbox.store.FieldType.ID;
import static io.sluice.sandbox.store.FieldType.INT;
import static io.sluice.sandbox.store.FieldType.PERCENT;
import static io.sluice.sandbox.store.FieldType.PHONE;
import static io.sluice.sandbox.store.FieldType.PICKLIST;
import static io.sluice.sandbox.store.FieldType.REFERENCE;
import static io.sluice.sandbox.store.FieldType.STRING;
import static io.sluice.sandbox.store.FieldType.TEXTAREA;
import static io.sluice.sandbox.store.FieldType.URL;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The objects that an org has from the start, with the standard fields a sync meets and a few custom ones. */
final class StandardObjects {

    /** The field that only objects have whose records can be merged. */
    static final String MASTER = "MasterRecordId";

    private StandardObjects() { }

    static List<ObjectType> all() {
        return List.of(user(), account(), contact(), opportunity(), lead());
    }

    /** A custom object: a name, an owner and the system fields. */
    static ObjectType custom(String name, String label, String keyPrefix) {
        return type(name, label, label + "s", keyPrefix, List.of(
                text("Name", label + " Name", 80).asNameField(), reference("OwnerId", "Owner ID", "User", "Owner")));
    }

    private static ObjectType account() {
        List<Field> fields = new ArrayList<>(List.of(master("Account"),
                text("Name", "Account Name", 255).asRequired().asNameField(),
                Field.of("Type", "Account Type", PICKLIST),
                reference("ParentId", "Parent Account ID", "Account", "Parent").asChildOf("ChildAccounts")));
        fields.addAll(address("Billing", "Billing "));
        fields.addAll(address("Shipping", "Shipping "));
        fields.addAll(List.of(
                Field.of("Phone", "Account Phone", PHONE), Field.of("Fax", "Account Fax", PHONE),
                text("AccountNumber", "Account Number", 40), Field.of("Website", "Website", URL),
                text("Sic", "SIC Code", 20), Field.of("Industry", "Industry", PICKLIST),
                Field.of("AnnualRevenue", "Annual Revenue", CURRENCY).withScale(0),
                Field.of("NumberOfEmployees", "Employees", INT), Field.of("Ownership", "Ownership", PICKLIST),
                text("TickerSymbol", "Ticker Symbol", 20),
                Field.of("Description", "Account Description", TEXTAREA).withLength(32_000),
                Field.of("Rating", "Account Rating", PICKLIST), text("Site", "Account Site", 80),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                Field.of("AccountSource", "Account Source", PICKLIST),
                text("Ext_Id__c", "Ext Id", 40).asExternalId(true),
                text("ORACLE_ID__c", "ORACLE ID", 40).asExternalId(false)));
        return type("Account", "Account", "Accounts", "001", fields);
    }

    private static ObjectType contact() {
        List<Field> fields = new ArrayList<>(List.of(master("Contact"),
                reference("AccountId", "Account ID", "Account", "Account").asChildOf("Contacts")));
        fields.addAll(personName());
        fields.addAll(address("Other", "Other "));
        fields.addAll(address("Mailing", "Mailing "));
        fields.addAll(List.of(
                Field.of("Phone", "Business Phone", PHONE), Field.of("Fax", "Business Fax", PHONE),
                Field.of("MobilePhone", "Mobile Phone", PHONE), Field.of("HomePhone", "Home Phone", PHONE),
                Field.of("OtherPhone", "Other Phone", PHONE), Field.of("AssistantPhone", "Asst. Phone", PHONE),
                reference("ReportsToId", "Reports To ID", "Contact", "ReportsTo"),
                Field.of("Email", "Email", EMAIL).asIdLookup(), text("Title", "Title", 128),
                text("Department", "Department", 80), text("AssistantName", "Assistant's Name", 40),
                Field.of("LeadSource", "Lead Source", PICKLIST).withLength(255), Field.of("Birthdate", "Birthdate", DATE),
                Field.of("Description", "Contact Description", TEXTAREA).withLength(32_000),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                Field.of("HasOptedOutOfEmail", "Email Opt Out", BOOLEAN),
                Field.of("DoNotCall", "Do Not Call", BOOLEAN),
                text("Customer_No__c", "Customer No", 40).asExternalId(true),
                text("Tier__c", "Tier", 40), Field.of("Newsletter__c", "Newsletter", BOOLEAN),
                text("Reservation_Status__c", "Reservation Status", 40)));
        return type("Contact", "Contact", "Contacts", "003", fields);
    }

    private static ObjectType opportunity() {
        return type("Opportunity", "Opportunity", "Opportunities", "006", List.of(
                reference("AccountId", "Account ID", "Account", "Account").asChildOf("Opportunities"),
                Field.of("IsPrivate", "Private", BOOLEAN),
                text("Name", "Name", 120).asRequired().asNameField(),
                Field.of("Description", "Description", TEXTAREA).withLength(32_000),
                Field.of("StageName", "Stage", PICKLIST).withLength(255).asRequired(),
                Field.of("Amount", "Amount", CURRENCY), Field.of("Probability", "Probability (%)", PERCENT),
                Field.of("TotalOpportunityQuantity", "Quantity", DOUBLE),
                Field.of("CloseDate", "Close Date", DATE).asRequired(),
                Field.of("Type", "Opportunity Type", PICKLIST).withLength(255), text("NextStep", "Next Step", 255),
                Field.of("LeadSource", "Lead Source", PICKLIST).withLength(255),
                Field.of("ForecastCategoryName", "Forecast Category", PICKLIST),
                reference("ContactId", "Contact ID", "Contact", "Contact").asChildOf("Opportunities"),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                text("Deal_No__c", "Deal No", 40).asExternalId(true),
                reference("Customer__c", "Customer", "Contact", "Customer__r").asChildOf("Opportunities__r")));
    }

    private static ObjectType lead() {
        List<Field> fields = new ArrayList<>(List.of(master("Lead")));
        fields.addAll(personName());
        fields.addAll(List.of(text("Title", "Title", 128), text("Company", "Company", 255).asRequired()));
        fields.addAll(address("", ""));
        fields.addAll(List.of(
                Field.of("Phone", "Phone", PHONE), Field.of("MobilePhone", "Mobile Phone", PHONE),
                Field.of("Fax", "Fax", PHONE), Field.of("Email", "Email", EMAIL).asIdLookup(),
                Field.of("Website", "Website", URL),
                Field.of("Description", "Description", TEXTAREA).withLength(32_000),
                Field.of("LeadSource", "Lead Source", PICKLIST).withLength(255),
                Field.of("Status", "Status", PICKLIST).withLength(255),
                Field.of("Industry", "Industry", PICKLIST).withLength(255),
                Field.of("Rating", "Rating", PICKLIST).withLength(255),
                Field.of("AnnualRevenue", "Annual Revenue", CURRENCY).withScale(0),
                Field.of("NumberOfEmployees", "Employees", INT),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                Field.of("HasOptedOutOfEmail", "Email Opt Out", BOOLEAN),
                Field.of("IsConverted", "Converted", BOOLEAN).readOnly()));
        return type("Lead", "Lead", "Leads", "00Q", fields);
    }

    private static ObjectType user() {
        List<Field> fields = new ArrayList<>(List.of(text("Username", "Username", 80).asRequired().asUnique()));
        fields.addAll(personName());
        fields.addAll(List.of(
                text("CompanyName", "Company Name", 80), text("Department", "Department", 80),
                text("Title", "Title", 80), Field.of("Email", "Email", EMAIL).withLength(128),
                Field.of("Phone", "Phone", PHONE), text("Alias", "Alias", 8),
                Field.of("IsActive", "Active", BOOLEAN)));
        return type("User", "User", "Users", "005", fields);
    }

    private static ObjectType type(String name, String label, String plural, String keyPrefix, List<Field> own) {
        List<Field> fields = new ArrayList<>();
        fields.add(Field.of("Id", label + " ID", ID).asIdLookup().computed(Row::id));
        fields.add(Field.of("IsDeleted", "Deleted", BOOLEAN).computed(Row::isDeleted));
        fields.addAll(own);
        ObjectType type = new ObjectType(name, label, plural, keyPrefix, fields);
        computed(type, own);
        type.add(Field.of("CreatedDate", "Created Date", DATETIME).computed(Row::created));
        type.add(reference("CreatedById", "Created By ID", "User", "CreatedBy").computed(Row::createdBy));
        type.add(Field.of("LastModifiedDate", "Last Modified Date", DATETIME).computed(Row::modified));
        type.add(reference("LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy")
                .computed(Row::modifiedBy));
        type.add(Field.of("SystemModstamp", "System Modstamp", DATETIME).computed(Row::stamp));
        return type;
    }

    /** Compound fields read others, so they are computed once those have their columns. */
    private static void computed(ObjectType type, List<Field> own) {
        for (Field field : own) {
            boolean personName = "Name".equals(field.name()) && type.field("LastName").isPresent();
            if (personName) {
                type.add(field.computed(row -> Stream.of("FirstName", "LastName")
                        .map(part -> read(type, part, row)).filter(Objects::nonNull).map(String::valueOf)
                        .collect(Collectors.joining(" "))));
            } else if (field.type() == ADDRESS) {
                String prefix = field.name().substring(0, field.name().length() - "Address".length());
                type.add(field.computed(row -> address(type, prefix, row)));
            }
        }
    }

    private static Map<String, Object> address(ObjectType type, String prefix, Row row) {
        Map<String, Object> parts = new LinkedHashMap<>();
        for (String part : List.of("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State",
                "Street")) {
            parts.put(Character.toLowerCase(part.charAt(0)) + part.substring(1), read(type, prefix + part, row));
        }
        return parts.values().stream().allMatch(Objects::isNull) ? null : parts;
    }

    private static Object read(ObjectType type, String field, Row row) {
        return type.field(field).map(f -> f.read(row)).orElse(null);
    }

    private static List<Field> personName() {
        return List.of(
                text("LastName", "Last Name", 80).asRequired().within("Name"),
                text("FirstName", "First Name", 40).within("Name"),
                Field.of("Salutation", "Salutation", PICKLIST).within("Name"),
                unwritable("Name", "Full Name", STRING).withLength(121).asNameField());
    }

    private static List<Field> address(String prefix, String label) {
        String compound = prefix + "Address";
        return List.of(
                Field.of(prefix + "Street", label + "Street", TEXTAREA).within(compound),
                text(prefix + "City", label + "City", 40).within(compound),
                text(prefix + "State", label + "State/Province", 80).within(compound),
                text(prefix + "PostalCode", label + "Zip/Postal Code", 20).within(compound),
                text(prefix + "Country", label + "Country", 80).within(compound),
                Field.of(prefix + "Latitude", label + "Latitude", DOUBLE).withScale(15).within(compound),
                Field.of(prefix + "Longitude", label + "Longitude", DOUBLE).withScale(15).within(compound),
                Field.of(prefix + "GeocodeAccuracy", label + "Geocode Accuracy", PICKLIST).within(compound),
                unwritable(compound, label + "Address", ADDRESS));
    }

    /** Stands in for a compound field until {@link #computed} replaces it. */
    private static Field unwritable(String name, String label, FieldType type) {
        return Field.of(name, label, type).computed(row -> null);
    }

    private static Field text(String name, String label, int length) {
        return Field.of(name, label, STRING).withLength(length);
    }

    /** Where a record that was merged into another tells which one. */
    private static Field master(String object) {
        return reference(MASTER, "Master Record ID", object, "MasterRecord").readOnly();
    }

    private static Field reference(String name, String label, String object, String relationship) {
        return Field.of(name, label, REFERENCE).referringTo(object, relationship);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.address;
import static io.sluice.sandbox.salesforce.StandardFields.bounces;
import static io.sluice.sandbox.salesforce.StandardFields.computed;
import static io.sluice.sandbox.salesforce.StandardFields.dataCom;
import static io.sluice.sandbox.salesforce.StandardFields.master;
import static io.sluice.sandbox.salesforce.StandardFields.personName;
import static io.sluice.sandbox.salesforce.StandardFields.picklist;
import static io.sluice.sandbox.salesforce.StandardFields.read;
import static io.sluice.sandbox.salesforce.StandardFields.reference;
import static io.sluice.sandbox.salesforce.StandardFields.text;
import static io.sluice.sandbox.salesforce.StandardFields.type;
import static io.sluice.sandbox.salesforce.StandardFields.unset;
import static io.sluice.sandbox.salesforce.StandardFields.views;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.CURRENCY;
import static io.sluice.sandbox.store.FieldType.DATE;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.DOUBLE;
import static io.sluice.sandbox.store.FieldType.EMAIL;
import static io.sluice.sandbox.store.FieldType.INT;
import static io.sluice.sandbox.store.FieldType.PERCENT;
import static io.sluice.sandbox.store.FieldType.PHONE;
import static io.sluice.sandbox.store.FieldType.STRING;
import static io.sluice.sandbox.store.FieldType.TEXTAREA;
import static io.sluice.sandbox.store.FieldType.URL;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Declares the objects of a new org, with the standard fields that a sync uses and a few custom ones. */
final class StandardObjects {

    /** Name of the field that only objects with mergeable records have. */
    static final String MASTER = "MasterRecordId";

    /** Statuses of new and of converted leads. */
    static final String OPEN_LEAD = "Open - Not Contacted";

    static final String CONVERTED_LEAD = "Closed - Converted";
    /** Form of a fiscal period: the year and the quarter. */
    private static final DateTimeFormatter FISCAL = DateTimeFormatter.ofPattern("yyyy q", Locale.ROOT);

    private static final String[] RATINGS = {"Hot", "Warm", "Cold"};
    private static final String[] SOURCES = {"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"};
    private static final String[] INDUSTRIES = {
        "Agriculture",
        "Apparel",
        "Banking",
        "Biotechnology",
        "Chemicals",
        "Communications",
        "Construction",
        "Consulting",
        "Education",
        "Electronics",
        "Energy",
        "Engineering",
        "Entertainment",
        "Environmental",
        "Finance",
        "Food & Beverage",
        "Government",
        "Healthcare",
        "Hospitality",
        "Insurance",
        "Machinery",
        "Manufacturing",
        "Media",
        "Not For Profit",
        "Other",
        "Recreation",
        "Retail",
        "Shipping",
        "Technology",
        "Telecommunications",
        "Transportation",
        "Utilities"
    };

    private StandardObjects() {}

    static List<ObjectType> all() {
        return Stream.of(
                        List.of(user(), account(), contact(), opportunity(), lead()),
                        ServiceObjects.all(),
                        SalesObjects.all(),
                        OrganizationObjects.all(),
                        StreamingObjects.all())
                .flatMap(List::stream)
                .toList();
    }

    /** Declares a custom object: a name, an owner and the system fields. */
    static ObjectType custom(String name, String label, String keyPrefix) {
        return type(
                name,
                label,
                label + "s",
                keyPrefix,
                List.of(
                        text("Name", label + " Name", 80).asNameField(),
                        reference("OwnerId", "Owner ID", "User", "Owner")));
    }

    private static ObjectType account() {
        List<Field> fields = new ArrayList<>(List.of(
                master("Account"),
                text("Name", "Account Name", 255).asRequired().asNameField(),
                picklist(
                        "Type",
                        "Account Type",
                        "Prospect",
                        "Customer - Direct",
                        "Customer - Channel",
                        "Channel Partner / Reseller",
                        "Installation Partner",
                        "Technology Partner",
                        "Other"),
                reference("ParentId", "Parent Account ID", "Account", "Parent").asChildOf("ChildAccounts")));
        fields.addAll(address("Billing", "Billing "));
        fields.addAll(address("Shipping", "Shipping "));
        fields.addAll(List.of(
                Field.of("Phone", "Account Phone", PHONE),
                Field.of("Fax", "Account Fax", PHONE),
                text("AccountNumber", "Account Number", 40),
                Field.of("Website", "Website", URL),
                text("Sic", "SIC Code", 20),
                picklist("Industry", "Industry", INDUSTRIES),
                Field.of("AnnualRevenue", "Annual Revenue", CURRENCY).withScale(0),
                Field.of("NumberOfEmployees", "Employees", INT),
                picklist("Ownership", "Ownership", "Public", "Private", "Subsidiary", "Other"),
                text("TickerSymbol", "Ticker Symbol", 20),
                Field.of("Description", "Account Description", TEXTAREA).withLength(32_000),
                picklist("Rating", "Account Rating", RATINGS),
                text("Site", "Account Site", 80),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                unset("LastActivityDate", "Last Activity", DATE),
                unset("PhotoUrl", "Photo URL", URL),
                picklist("AccountSource", "Account Source", SOURCES),
                text("DunsNumber", "D-U-N-S Number", 9),
                text("Tradestyle", "Tradestyle", 255),
                text("NaicsCode", "NAICS Code", 8),
                text("NaicsDesc", "NAICS Description", 120),
                text("YearStarted", "Year Started", 4),
                text("SicDesc", "SIC Description", 80),
                text("Ext_Id__c", "Ext Id", 40).asExternalId(true),
                text("ORACLE_ID__c", "ORACLE ID", 40).asExternalId(false)));
        fields.addAll(dataCom("JigsawCompanyId"));
        fields.addAll(views());
        return type("Account", "Account", "Accounts", "001", fields);
    }

    private static ObjectType contact() {
        List<Field> fields = new ArrayList<>(List.of(
                master("Contact"),
                reference("AccountId", "Account ID", "Account", "Account").asChildOf("Contacts")));
        fields.addAll(personName());
        fields.addAll(address("Other", "Other "));
        fields.addAll(address("Mailing", "Mailing "));
        fields.addAll(List.of(
                Field.of("Phone", "Business Phone", PHONE),
                Field.of("Fax", "Business Fax", PHONE),
                Field.of("MobilePhone", "Mobile Phone", PHONE),
                Field.of("HomePhone", "Home Phone", PHONE),
                Field.of("OtherPhone", "Other Phone", PHONE),
                Field.of("AssistantPhone", "Asst. Phone", PHONE),
                reference("ReportsToId", "Reports To ID", "Contact", "ReportsTo"),
                Field.of("Email", "Email", EMAIL).asIdLookup(),
                text("Title", "Title", 128),
                text("Department", "Department", 80),
                text("AssistantName", "Assistant's Name", 40),
                picklist("LeadSource", "Lead Source", SOURCES),
                Field.of("Birthdate", "Birthdate", DATE),
                Field.of("Description", "Contact Description", TEXTAREA).withLength(32_000),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                Field.of("HasOptedOutOfEmail", "Email Opt Out", BOOLEAN),
                Field.of("HasOptedOutOfFax", "Fax Opt Out", BOOLEAN),
                Field.of("DoNotCall", "Do Not Call", BOOLEAN),
                unset("LastActivityDate", "Last Activity", DATE),
                unset("LastCURequestDate", "Last Stay-in-Touch Request Date", DATETIME),
                unset("LastCUUpdateDate", "Last Stay-in-Touch Save Date", DATETIME),
                unset("PhotoUrl", "Photo URL", URL),
                text("Customer_No__c", "Customer No", 40).asExternalId(true),
                text("Tier__c", "Tier", 40),
                Field.of("Newsletter__c", "Newsletter", BOOLEAN),
                text("Reservation_Status__c", "Reservation Status", 40)));
        fields.addAll(bounces());
        fields.addAll(dataCom("JigsawContactId"));
        fields.addAll(views());
        return withBounces(type("Contact", "Contact", "Contacts", "003", fields));
    }

    private static ObjectType opportunity() {
        ObjectType opportunity = type(
                "Opportunity",
                "Opportunity",
                "Opportunities",
                "006",
                List.of(
                        reference("AccountId", "Account ID", "Account", "Account")
                                .asChildOf("Opportunities"),
                        Field.of("IsPrivate", "Private", BOOLEAN),
                        text("Name", "Name", 120).asRequired().asNameField(),
                        Field.of("Description", "Description", TEXTAREA).withLength(32_000),
                        picklist("StageName", "Stage", OpportunityStages.names())
                                .asRequired(),
                        Field.of("Amount", "Amount", CURRENCY),
                        Field.of("Probability", "Probability (%)", PERCENT),
                        Field.of("TotalOpportunityQuantity", "Quantity", DOUBLE),
                        Field.of("CloseDate", "Close Date", DATE).asRequired(),
                        picklist(
                                "Type",
                                "Opportunity Type",
                                "Existing Customer - Upgrade",
                                "Existing Customer - Replacement",
                                "Existing Customer - Downgrade",
                                "New Customer"),
                        text("NextStep", "Next Step", 255),
                        picklist("LeadSource", "Lead Source", SOURCES),
                        picklist("ForecastCategoryName", "Forecast Category")
                                .offering(true, OpportunityStages.CATEGORIES),
                        reference("ContactId", "Contact ID", "Contact", "Contact")
                                .asChildOf("Opportunities"),
                        reference("OwnerId", "Owner ID", "User", "Owner"),
                        text("Deal_No__c", "Deal No", 40).asExternalId(true),
                        reference("CampaignId", "Campaign ID", "Campaign", "Campaign")
                                .asChildOf("Opportunities"),
                        reference("Pricebook2Id", "Price Book ID", "Pricebook2", "Pricebook2")
                                .asChildOf("Opportunities"),
                        reference("Customer__c", "Customer", "Contact", "Customer__r")
                                .asChildOf("Opportunities__r"),
                        unset("LastActivityDate", "Last Activity", DATE),
                        unset("LastStageChangeDate", "Last Stage Change Date", DATETIME),
                        unset("PushCount", "Push Count", INT)));
        views().forEach(opportunity::add);
        opportunity.add(computed("IsClosed", "Closed", BOOLEAN, row -> stage(opportunity, row)
                .filter(OpportunityStages::isClosed)
                .isPresent()));
        opportunity.add(computed("IsWon", "Won", BOOLEAN, row -> stage(opportunity, row)
                .filter(OpportunityStages::isWon)
                .isPresent()));
        opportunity.add(picklist("ForecastCategory", "Forecast Category", OpportunityStages.categoryValues())
                .withLength(40)
                .computed(row -> OpportunityStages.categoryValue(read(opportunity, "ForecastCategoryName", row))));
        opportunity.add(computed("FiscalYear", "Fiscal Year", INT, row -> closing(opportunity, row)
                .getYear()));
        opportunity.add(computed("FiscalQuarter", "Fiscal Quarter", INT, row -> closing(opportunity, row)
                .get(IsoFields.QUARTER_OF_YEAR)));
        opportunity.add(computed("Fiscal", "Fiscal Period", STRING, row -> closing(opportunity, row)
                        .format(FISCAL))
                .withLength(6));
        return opportunity;
    }

    private static Optional<OpportunityStages> stage(ObjectType opportunity, Row row) {
        return OpportunityStages.of(read(opportunity, "StageName", row));
    }

    private static LocalDate closing(ObjectType opportunity, Row row) {
        return LocalDate.ofEpochDay((Integer) read(opportunity, "CloseDate", row));
    }

    /** Adds whether e-mails to a person bounced. */
    private static ObjectType withBounces(ObjectType person) {
        person.add(computed(
                "IsEmailBounced", "Is Email Bounced", BOOLEAN, row -> read(person, "EmailBouncedDate", row) != null));
        return person;
    }

    private static ObjectType lead() {
        List<Field> fields = new ArrayList<>(List.of(master("Lead")));
        fields.addAll(personName());
        fields.addAll(List.of(
                text("Title", "Title", 128), text("Company", "Company", 255).asRequired()));
        fields.addAll(address("", ""));
        fields.addAll(List.of(
                Field.of("Phone", "Phone", PHONE),
                Field.of("MobilePhone", "Mobile Phone", PHONE),
                Field.of("Fax", "Fax", PHONE),
                Field.of("Email", "Email", EMAIL).asIdLookup(),
                Field.of("Website", "Website", URL),
                Field.of("Description", "Description", TEXTAREA).withLength(32_000),
                picklist("LeadSource", "Lead Source", SOURCES),
                picklist("Status", "Status", OPEN_LEAD, "Working - Contacted", CONVERTED_LEAD, "Closed - Not Converted")
                        .withDefault(OPEN_LEAD),
                picklist("Industry", "Industry", INDUSTRIES),
                picklist("Rating", "Rating", RATINGS),
                Field.of("AnnualRevenue", "Annual Revenue", CURRENCY).withScale(0),
                Field.of("NumberOfEmployees", "Employees", INT),
                reference("OwnerId", "Owner ID", "User", "Owner"),
                Field.of("HasOptedOutOfEmail", "Email Opt Out", BOOLEAN),
                Field.of("HasOptedOutOfFax", "Fax Opt Out", BOOLEAN),
                Field.of("DoNotCall", "Do Not Call", BOOLEAN),
                text("CompanyDunsNumber", "Company D-U-N-S Number", 9),
                unset("LastActivityDate", "Last Activity", DATE),
                unset("LastTransferDate", "Last Transfer Date", DATE),
                unset("PhotoUrl", "Photo URL", URL),
                Field.of("IsConverted", "Converted", BOOLEAN).readOnly(),
                Field.of("ConvertedDate", "Converted Date", DATE).readOnly(),
                reference("ConvertedAccountId", "Converted Account ID", "Account", "ConvertedAccount")
                        .readOnly(),
                reference("ConvertedContactId", "Converted Contact ID", "Contact", "ConvertedContact")
                        .readOnly(),
                reference("ConvertedOpportunityId", "Converted Opportunity ID", "Opportunity", "ConvertedOpportunity")
                        .readOnly()));
        fields.addAll(bounces());
        fields.addAll(dataCom("JigsawContactId"));
        fields.addAll(views());
        return withBounces(type("Lead", "Lead", "Leads", "00Q", fields));
    }

    private static ObjectType user() {
        List<Field> fields = new ArrayList<>(
                List.of(text("Username", "Username", 80).asRequired().asUnique()));
        fields.addAll(personName());
        fields.addAll(address("", ""));
        fields.addAll(List.of(
                text("CompanyName", "Company Name", 80),
                text("Division", "Division", 80),
                text("Department", "Department", 80),
                text("Title", "Title", 80),
                Field.of("Email", "Email", EMAIL).withLength(128).asRequired(),
                Field.of("SenderEmail", "Email Sender Address", EMAIL),
                text("SenderName", "Email Sender Name", 80),
                Field.of("Signature", "Email Signature", TEXTAREA).withLength(1333),
                Field.of("Phone", "Phone", PHONE),
                Field.of("Fax", "Fax", PHONE),
                Field.of("MobilePhone", "Mobile Phone", PHONE),
                text("Extension", "Extension", 40),
                text("Alias", "Alias", 8).asRequired(),
                text("CommunityNickname", "Nickname", 40),
                text("EmployeeNumber", "Employee Number", 20),
                text("FederationIdentifier", "SAML Federation ID", 512).asIdLookup(),
                Field.of("AboutMe", "About Me", TEXTAREA).withLength(1000),
                reference("ManagerId", "Manager ID", "User", "Manager").asChildOf("ManagedUsers"),
                reference("ProfileId", "Profile ID", "Profile", "Profile")
                        .asChildOf("Users")
                        .asRequired(),
                picklist(
                                "UserType",
                                "User Type",
                                "Standard",
                                "PowerPartner",
                                "PowerCustomerSuccess",
                                "CustomerSuccess",
                                "CspLitePortal",
                                "Guest")
                        .readOnly(),
                setting("TimeZoneSidKey", "Time Zone", "GMT"),
                setting("LocaleSidKey", "Locale", "en_US"),
                setting("LanguageLocaleKey", "Language", "en_US"),
                setting("EmailEncodingKey", "Email Encoding", "UTF-8"),
                unset("LastLoginDate", "Last Login", DATETIME),
                Field.of("IsActive", "Active", BOOLEAN)));
        fields.addAll(views());
        return type("User", "User", "Users", "005", fields);
    }

    /** Declares a setting of a user; what else than the usual one an org knows is not checked. */
    private static Field setting(String name, String label, String usual) {
        return picklist(name, label, usual).withLength(40).asRequired();
    }
}

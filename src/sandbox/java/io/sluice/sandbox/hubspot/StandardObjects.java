// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.IdScheme;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Declares the objects of a new account, each with some of HubSpot's own properties and those that the demo writes. */
final class StandardObjects {

    /** Name of the internal field that holds the survivor's id on a merged record. */
    static final String MERGED_INTO = "merged_into";

    static final String MERGED_IDS = "hs_merged_object_ids";

    static final String CONTACTS = "contacts";

    static final String LIFECYCLE_STAGE = "lifecyclestage";
    /** Stages in the order in which a record passes them, the last one apart. */
    static final List<String> LIFECYCLE = List.of(
            "subscriber",
            "lead",
            "marketingqualifiedlead",
            "salesqualifiedlead",
            "opportunity",
            "customer",
            "evangelist",
            "other");

    /** Name of the property that holds the id of the record's owner. */
    static final String OWNER = "hubspot_owner_id";
    /** Name of the property that holds the time of an engagement. */
    static final String TIMESTAMP = "hs_timestamp";

    private static final Set<String> ENGAGEMENTS = Set.of("notes", "tasks", "calls", "emails", "meetings");
    private static final List<String> FREQUENCIES = List.of(
            "weekly",
            "biweekly",
            "monthly",
            "quarterly",
            "per_six_months",
            "annually",
            "per_two_years",
            "per_three_years");
    /** Properties that the demo's customer created. */
    private static final Set<String> CUSTOMERS =
            Set.of("notes", "tier", "birthdate", "newsletter", "customer_no", "company_no", "deal_no", "ticket_no");

    private static final Map<String, String> LABELS = Map.of(
            "marketingqualifiedlead",
            "Marketing Qualified Lead",
            "salesqualifiedlead",
            "Sales Qualified Lead",
            "newbusiness",
            "New Business",
            "existingbusiness",
            "Existing Business");

    /** Distance of the id ranges of objects, so large that no two objects share an id. */
    private static final long IDS = 10_000_000_000L;

    private static final int FIRST_CUSTOM = 2_000_000;

    private static final Set<String> COMMON = names(custom("custom", "Custom", "000"));
    private static final Map<String, Set<String>> OWN =
            all().stream().collect(Collectors.toMap(ObjectType::name, StandardObjects::names));

    private StandardObjects() {}

    static List<ObjectType> all() {
        return List.of(
                object(
                        1,
                        CONTACTS,
                        "Contact",
                        "Contacts",
                        new Properties()
                                .unique("email", PropertyType.EMAIL)
                                .texts(
                                        "firstname",
                                        "lastname",
                                        "phone",
                                        "mobilephone",
                                        "company",
                                        "jobtitle",
                                        "address",
                                        "city",
                                        "state",
                                        "zip",
                                        "country",
                                        "website",
                                        "date_of_birth",
                                        "notes",
                                        "tier")
                                .choice(LIFECYCLE_STAGE, LIFECYCLE)
                                .choice(
                                        "hs_lead_status",
                                        List.of(
                                                "NEW",
                                                "OPEN",
                                                "IN_PROGRESS",
                                                "OPEN_DEAL",
                                                "UNQUALIFIED",
                                                "ATTEMPTED_TO_CONTACT",
                                                "CONNECTED",
                                                "BAD_TIMING"))
                                .add("birthdate", PropertyType.DATE)
                                .add("newsletter", PropertyType.BOOL)
                                .unique("customer_no", PropertyType.STRING)
                                .choices(OWNER)),
                object(
                        2,
                        "companies",
                        "Company",
                        "Companies",
                        new Properties()
                                .texts(
                                        "name",
                                        "domain",
                                        "phone",
                                        "address",
                                        "city",
                                        "state",
                                        "zip",
                                        "country",
                                        "website",
                                        "description")
                                .choice("industry", Industries.ALL)
                                .choice("type", List.of("PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"))
                                .choice(LIFECYCLE_STAGE, LIFECYCLE)
                                .add("numberofemployees", PropertyType.NUMBER)
                                .add("annualrevenue", PropertyType.NUMBER)
                                .unique("company_no", PropertyType.STRING)
                                .choices(OWNER)),
                object(
                        3,
                        "deals",
                        "Deal",
                        "Deals",
                        new Properties()
                                .texts("dealname", "description", "customer_no")
                                .choice(
                                        "dealstage",
                                        List.of(
                                                "appointmentscheduled",
                                                "qualifiedtobuy",
                                                "presentationscheduled",
                                                "decisionmakerboughtin",
                                                "contractsent",
                                                "closedwon",
                                                "closedlost"))
                                .choice("pipeline", List.of("default"))
                                .choice("dealtype", List.of("newbusiness", "existingbusiness"))
                                .add("amount", PropertyType.NUMBER)
                                .add("closedate", PropertyType.DATETIME)
                                .unique("deal_no", PropertyType.STRING)
                                .choices(OWNER)),
                object(
                        5,
                        "tickets",
                        "Ticket",
                        "Tickets",
                        new Properties()
                                .texts("subject", "content")
                                .choice("hs_pipeline", List.of("0"))
                                .choice("hs_pipeline_stage", List.of("1", "2", "3", "4"))
                                .choice("hs_ticket_priority", List.of("LOW", "MEDIUM", "HIGH", "URGENT"))
                                .choice(
                                        "hs_ticket_category",
                                        List.of("PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"))
                                .unique("ticket_no", PropertyType.STRING)
                                .choices(OWNER)),
                object(
                        7,
                        "products",
                        "Product",
                        "Products",
                        new Properties()
                                .texts("name", "description", "hs_sku", "hs_url")
                                .add("price", PropertyType.NUMBER)
                                .add("hs_cost_of_goods_sold", PropertyType.NUMBER)
                                .choice("recurringbillingfrequency", FREQUENCIES)),
                object(
                        8,
                        "line_items",
                        "Line item",
                        "Line items",
                        new Properties()
                                .texts("name", "description", "hs_sku", "hs_product_id")
                                .add("price", PropertyType.NUMBER)
                                .add("quantity", PropertyType.NUMBER)
                                .add("discount", PropertyType.NUMBER)
                                .choice("recurringbillingfrequency", FREQUENCIES)),
                object(
                        46,
                        "notes",
                        "Note",
                        "Notes",
                        new Properties()
                                .add(TIMESTAMP, PropertyType.DATETIME)
                                .texts("hs_note_body", "hs_attachment_ids")
                                .choices(OWNER)),
                object(
                        27,
                        "tasks",
                        "Task",
                        "Tasks",
                        new Properties()
                                .add(TIMESTAMP, PropertyType.DATETIME)
                                .texts("hs_task_subject", "hs_task_body", "hs_task_reminders")
                                .choice(
                                        "hs_task_status",
                                        List.of("COMPLETED", "DEFERRED", "IN_PROGRESS", "NOT_STARTED", "WAITING"))
                                .choice("hs_task_priority", List.of("NONE", "LOW", "MEDIUM", "HIGH"))
                                .choice("hs_task_type", List.of("EMAIL", "CALL", "TODO"))
                                .choices(OWNER)),
                object(
                        48,
                        "calls",
                        "Call",
                        "Calls",
                        new Properties()
                                .add(TIMESTAMP, PropertyType.DATETIME)
                                .texts(
                                        "hs_call_title",
                                        "hs_call_body",
                                        "hs_call_from_number",
                                        "hs_call_to_number",
                                        "hs_call_recording_url",
                                        "hs_call_disposition")
                                .add("hs_call_duration", PropertyType.NUMBER)
                                .choice("hs_call_direction", List.of("INBOUND", "OUTBOUND"))
                                .choice(
                                        "hs_call_status",
                                        List.of(
                                                "BUSY",
                                                "CALLING_CRM_USER",
                                                "CANCELED",
                                                "COMPLETED",
                                                "CONNECTING",
                                                "FAILED",
                                                "IN_PROGRESS",
                                                "NO_ANSWER",
                                                "QUEUED",
                                                "RINGING"))
                                .choices(OWNER)),
                object(
                        49,
                        "emails",
                        "Email",
                        "Emails",
                        new Properties()
                                .add(TIMESTAMP, PropertyType.DATETIME)
                                .texts(
                                        "hs_email_subject",
                                        "hs_email_text",
                                        "hs_email_html",
                                        "hs_email_headers",
                                        "hs_attachment_ids")
                                .choice("hs_email_direction", List.of("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"))
                                .choice("hs_email_status", List.of("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"))
                                .choices(OWNER)),
                object(
                        47,
                        "meetings",
                        "Meeting",
                        "Meetings",
                        new Properties()
                                .add(TIMESTAMP, PropertyType.DATETIME)
                                .texts(
                                        "hs_meeting_title",
                                        "hs_meeting_body",
                                        "hs_internal_meeting_notes",
                                        "hs_meeting_location",
                                        "hs_meeting_external_url")
                                .add("hs_meeting_start_time", PropertyType.DATETIME)
                                .add("hs_meeting_end_time", PropertyType.DATETIME)
                                .choice(
                                        "hs_meeting_outcome",
                                        List.of("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"))
                                .choices(OWNER)));
    }

    /**
     * Answers the properties that a new record of HubSpot's own objects requires ("Required" in the guides to
     * engagements).
     */
    static List<String> required(ObjectType type) {
        return ENGAGEMENTS.contains(type.name()) ? List.of(TIMESTAMP) : List.of();
    }

    /** Answers the properties that a search's {@code query} covers ("Search default searchable properties"). */
    static List<String> searchable(ObjectType type) {
        return switch (type.name()) {
            case CONTACTS ->
                List.of("firstname", "lastname", "email", "phone", "mobilephone", "company", "hs_object_id");
            case "companies" -> List.of("website", "phone", "name", "domain");
            case "deals" -> List.of("dealname", "pipeline", "dealstage", "description", "dealtype");
            case "tickets" -> List.of("subject", "content", "hs_pipeline_stage", "hs_ticket_category");
            case "products" -> List.of("name", "description", "price", "hs_sku");
            case "notes" -> List.of("hs_note_body");
            case "tasks" -> List.of("hs_task_body", "hs_task_subject");
            case "calls" -> List.of("hs_call_title", "hs_call_body");
            case "emails" -> List.of("hs_email_subject");
            case "meetings" -> List.of("hs_meeting_title", "hs_meeting_body");
            default -> List.of();
        };
    }

    /** Whether a property is HubSpot's own; the others are the customer's, those of the demo included. */
    static boolean isHubspots(ObjectType type, String name) {
        return OWN.getOrDefault(type.name(), COMMON).contains(name) && !CUSTOMERS.contains(name);
    }

    static String optionLabel(String value) {
        return LABELS.getOrDefault(
                value,
                value.isEmpty()
                        ? value
                        : value.substring(0, 1).toUpperCase(Locale.ROOT)
                                + value.substring(1).toLowerCase(Locale.ROOT).replace('_', ' '));
    }

    /** Whether the API serves records of this table; associations are stored beside the objects but are no object. */
    static boolean isObject(ObjectType type) {
        return !Links.ASSOCIATIONS.equals(type.name()) && !AssociationTypes.LABELS.equals(type.name());
    }

    /** Declares a custom object; their type ids begin at 2-2000000. */
    static ObjectType custom(String name, String label, String keyPrefix) {
        int place = Integer.parseInt(keyPrefix, 36);
        return object("2-" + (FIRST_CUSTOM + place), name, label, label + "s", IDS * (100 + place), new Properties());
    }

    private static Set<String> names(ObjectType type) {
        return type.fields().stream().map(Field::name).collect(Collectors.toSet());
    }

    private static ObjectType object(int type, String name, String label, String plural, Properties properties) {
        return object("0-" + type, name, label, plural, IDS * type, properties);
    }

    private static ObjectType object(
            String typeId, String name, String label, String plural, long ids, Properties properties) {
        String modified = CONTACTS.equals(name) ? "lastmodifieddate" : "hs_lastmodifieddate";
        properties
                .computed("hs_object_id", PropertyType.NUMBER, Row::id)
                .computed("createdate", PropertyType.DATETIME, row -> Answers.moment(row.created()))
                .computed("hs_createdate", PropertyType.DATETIME, row -> Answers.moment(row.created()))
                .computed(modified, PropertyType.DATETIME, row -> Answers.moment(row.modified()))
                .computed("hs_object_source", PropertyType.ENUMERATION, row -> Origin.of(row.createdBy())
                        .source())
                .computed("hs_object_source_id", PropertyType.STRING, row -> Origin.of(row.createdBy())
                        .id())
                .computed("hs_object_source_label", PropertyType.ENUMERATION, row -> Origin.of(row.createdBy())
                        .source())
                .hidden(MERGED_IDS)
                .hidden(MERGED_INTO);
        return new ObjectType(name, label, plural, typeId, IdScheme.counted(ids), properties.fields);
    }

    /** Answers the properties of a read that names none. */
    static Set<String> shown(ObjectType type) {
        return switch (type.name()) {
            case CONTACTS -> Set.of("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname");
            case "companies" -> Set.of("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name");
            case "deals" ->
                Set.of(
                        "amount",
                        "closedate",
                        "createdate",
                        "dealname",
                        "dealstage",
                        "hs_lastmodifieddate",
                        "hs_object_id",
                        "pipeline");
            case "tickets" ->
                Set.of(
                        "content",
                        "createdate",
                        "hs_lastmodifieddate",
                        "hs_object_id",
                        "hs_pipeline",
                        "hs_pipeline_stage",
                        "hs_ticket_category",
                        "hs_ticket_priority",
                        "subject");
            case "products" ->
                Set.of("createdate", "description", "hs_lastmodifieddate", "hs_object_id", "name", "price");
            case "line_items" ->
                Set.of("createdate", "hs_lastmodifieddate", "hs_object_id", "name", "price", "quantity");
            default -> Set.of("createdate", "hs_lastmodifieddate", "hs_object_id");
        };
    }

    /** Builds a list of fields. */
    private static final class Properties {

        private final List<Field> fields = new ArrayList<>();

        Properties add(String name, PropertyType type) {
            fields.add(Field.of(name, label(name), type.field()));
            return this;
        }

        Properties unique(String name, PropertyType type) {
            fields.add(Field.of(name, label(name), type.field()).asUnique());
            return this;
        }

        Properties texts(String... names) {
            for (String name : names) {
                add(name, PropertyType.STRING);
            }
            return this;
        }

        /** Adds a property that takes these options alone. */
        Properties choice(String name, List<String> options) {
            fields.add(Field.of(name, label(name), PropertyType.ENUMERATION.field())
                    .offering(true, options));
            return this;
        }

        /** Adds properties whose options are not stored here: any value is accepted. */
        Properties choices(String... names) {
            for (String name : names) {
                add(name, PropertyType.ENUMERATION);
            }
            return this;
        }

        Properties computed(String name, PropertyType type, Function<Row, Object> reader) {
            fields.add(Field.of(name, label(name), type.field()).computed(reader));
            return this;
        }

        Properties hidden(String name) {
            fields.add(Field.of(name, label(name), PropertyType.STRING.field()).readOnly());
            return this;
        }

        private static String label(String name) {
            return name.substring(0, 1).toUpperCase(Locale.ROOT)
                    + name.substring(1).replace('_', ' ');
        }
    }
}

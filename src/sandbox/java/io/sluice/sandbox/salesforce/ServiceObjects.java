// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.computed;
import static io.sluice.sandbox.salesforce.StandardFields.longText;
import static io.sluice.sandbox.salesforce.StandardFields.master;
import static io.sluice.sandbox.salesforce.StandardFields.oneOf;
import static io.sluice.sandbox.salesforce.StandardFields.picklist;
import static io.sluice.sandbox.salesforce.StandardFields.read;
import static io.sluice.sandbox.salesforce.StandardFields.reference;
import static io.sluice.sandbox.salesforce.StandardFields.text;
import static io.sluice.sandbox.salesforce.StandardFields.type;
import static io.sluice.sandbox.salesforce.StandardFields.unset;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.COMBOBOX;
import static io.sluice.sandbox.store.FieldType.DATE;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.EMAIL;
import static io.sluice.sandbox.store.FieldType.INT;
import static io.sluice.sandbox.store.FieldType.PICKLIST;
import static io.sluice.sandbox.store.FieldType.STRING;
import static io.sluice.sandbox.store.FieldType.TEXTAREA;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import java.util.ArrayList;
import java.util.List;

/** Declares cases, tasks and events ("Standard Objects" in the Object Reference, the main fields of each). */
final class ServiceObjects {

    private static final String[] RELATED = {"Account", "Opportunity", "Case", "Campaign", "Product2"};

    private static final String TASK = "Task";
    private static final String EVENT = "Event";
    private static final String[] REGENERATED = {
        "None", "RecurrenceRegenerateAfterDueDate", "RecurrenceRegenerateAfterToday"
    };
    private static final String[] RECURRENCES = {
        "RecursDaily",
        "RecursEveryWeekday",
        "RecursMonthly",
        "RecursMonthlyNth",
        "RecursWeekly",
        "RecursYearly",
        "RecursYearlyNth"
    };
    private static final String[] MONTHS = {
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December"
    };

    private ServiceObjects() {}

    static List<ObjectType> all() {
        return List.of(cases(), task(), event());
    }

    private static ObjectType cases() {
        ObjectType type = type(
                "Case",
                "Case",
                "Cases",
                "500",
                List.of(
                        master("Case"),
                        computed("CaseNumber", "Case Number", STRING, row -> "%08d".formatted(1000 + row.number()))
                                .withLength(30)
                                .asNameField()
                                .asIdLookup(),
                        reference("ContactId", "Contact ID", "Contact", "Contact")
                                .asChildOf("Cases"),
                        reference("AccountId", "Account ID", "Account", "Account")
                                .asChildOf("Cases"),
                        reference("ParentId", "Parent Case ID", "Case", "Parent")
                                .asChildOf("Cases"),
                        text("SuppliedName", "Name", 80),
                        Field.of("SuppliedEmail", "Email Address", EMAIL),
                        text("SuppliedPhone", "Phone", 40),
                        text("SuppliedCompany", "Company", 80),
                        picklist("Type", "Case Type", "Mechanical", "Electrical", "Electronic", "Structural", "Other"),
                        picklist("Status", "Status", "New", "Working", "Escalated", "Closed")
                                .withDefault("New"),
                        picklist(
                                "Reason",
                                "Case Reason",
                                "Installation",
                                "Equipment Complexity",
                                "Performance",
                                "Breakdown",
                                "Equipment Design",
                                "Feedback",
                                "Other"),
                        picklist("Origin", "Case Origin", "Phone", "Email", "Web"),
                        text("Subject", "Subject", 255),
                        picklist("Priority", "Priority", "High", "Medium", "Low")
                                .withDefault("Medium"),
                        longText("Description", "Description"),
                        Field.of("IsEscalated", "Escalated", BOOLEAN),
                        Field.of("ClosedDate", "Closed Date", DATETIME).readOnly(),
                        reference("OwnerId", "Owner ID", "User", "Owner"),
                        unset("LastViewedDate", "Last Viewed Date", DATETIME),
                        unset("LastReferencedDate", "Last Referenced Date", DATETIME),
                        Field.of("Comments", "Internal Comments", TEXTAREA).withLength(4000)));
        type.add(computed("IsClosed", "Closed", BOOLEAN, row -> "Closed".equals(read(type, "Status", row))));
        return type;
    }

    private static ObjectType task() {
        List<Field> fields = new ArrayList<>(List.of(
                oneOf("WhoId", "Name ID", "Who", "Tasks", "Contact", "Lead"),
                oneOf("WhatId", "Related To ID", "What", "Tasks", RELATED),
                Field.of("Subject", "Subject", COMBOBOX)
                        .offering(false, List.of("Call", "Email", "Send Letter", "Send Quote", "Other"))
                        .asNameField(),
                Field.of("ActivityDate", "Due Date Only", DATE),
                picklist(
                                "Status",
                                "Status",
                                "Not Started",
                                "In Progress",
                                "Completed",
                                "Waiting on someone else",
                                "Deferred")
                        .withDefault("Not Started"),
                picklist("Priority", "Priority", "High", "Normal", "Low").withDefault("Normal"),
                reference("OwnerId", "Assigned To ID", "User", "Owner"),
                longText("Description", "Description"),
                picklist("Type", "Type", "Call", "Meeting", "Other"),
                Field.of("CallDurationInSeconds", "Call Duration", INT),
                picklist("CallType", "Call Type", "Internal", "Inbound", "Outbound"),
                text("CallDisposition", "Call Result", 255),
                text("CallObject", "Call Object Identifier", 255),
                Field.of("ReminderDateTime", "Reminder Date/Time", DATETIME),
                Field.of("IsReminderSet", "Reminder Set", BOOLEAN),
                Field.of("CompletedDateTime", "Completed Date", DATETIME).readOnly(),
                picklist("TaskSubtype", "Task Subtype", TASK, "Email", "ListEmail", "Cadence", "Call", "LinkedIn")
                        .withLength(40)
                        .offering(true, List.of(TASK, "Email", "ListEmail", "Cadence", "Call", "LinkedIn"))
                        .withDefault(TASK)
                        .createOnly(),
                picklist("RecurrenceRegeneratedType", "Repeat This Task", REGENERATED)
                        .withLength(40)));
        fields.addAll(recurrence("RecurrenceStartDateOnly", DATE));
        ObjectType type = type(TASK, TASK, "Tasks", "00T", fields);
        type.add(computed("IsClosed", "Closed", BOOLEAN, row -> "Completed".equals(read(type, "Status", row))));
        type.add(computed(
                "IsHighPriority", "High Priority", BOOLEAN, row -> "High".equals(read(type, "Priority", row))));
        return type;
    }

    /**
     * Declares how an activity repeats. The sandbox stores it and makes no further activities.
     *
     * @param start name of the field of its beginning, whose type differs
     */
    private static List<Field> recurrence(String start, FieldType type) {
        return List.of(
                unset("IsArchived", "Archived", BOOLEAN),
                reference("AccountId", "Account ID", "Account", "Account").computed(row -> null),
                unset("RecurrenceActivityId", "Recurrence Activity ID", STRING).withLength(18),
                Field.of("IsRecurrence", "Create Recurring Series", BOOLEAN).createOnly(),
                Field.of(start, "Recurrence Start", type),
                Field.of("RecurrenceEndDateOnly", "Recurrence End", DATE),
                picklist("RecurrenceTimeZoneSidKey", "Recurrence Time Zone", "GMT")
                        .withLength(40),
                picklist("RecurrenceType", "Recurrence Type", RECURRENCES).withLength(40),
                Field.of("RecurrenceInterval", "Recurrence Interval", INT),
                Field.of("RecurrenceDayOfWeekMask", "Recurrence Day of Week Mask", INT),
                Field.of("RecurrenceDayOfMonth", "Recurrence Day of Month", INT),
                picklist("RecurrenceInstance", "Recurrence Instance", "First", "Second", "Third", "Fourth", "Last")
                        .withLength(40),
                picklist("RecurrenceMonthOfYear", "Recurrence Month of Year", MONTHS)
                        .withLength(40));
    }

    private static ObjectType event() {
        List<Field> fields = new ArrayList<>(List.of(
                oneOf("WhoId", "Name ID", "Who", "Events", "Contact", "Lead"),
                oneOf("WhatId", "Related To ID", "What", "Events", RELATED),
                Field.of("Subject", "Subject", COMBOBOX)
                        .offering(false, List.of("Call", "Email", "Meeting", "Send Letter/Quote", "Other"))
                        .asNameField(),
                text("Location", "Location", 255),
                Field.of("IsAllDayEvent", "All-Day Event", BOOLEAN),
                Field.of("ActivityDateTime", "Due Date Time", DATETIME),
                Field.of("ActivityDate", "Due Date Only", DATE),
                Field.of("DurationInMinutes", "Duration", INT),
                Field.of("StartDateTime", "Start Date Time", DATETIME),
                Field.of("EndDateTime", "End Date Time", DATETIME),
                longText("Description", "Description"),
                reference("OwnerId", "Assigned To ID", "User", "Owner"),
                Field.of("IsPrivate", "Private", BOOLEAN),
                picklist("ShowAs", "Show Time As", "Busy", "OutOfOffice", "Free")
                        .withDefault("Busy"),
                picklist("Type", "Type", "Call", "Email", "Meeting", "Other"),
                Field.of("ReminderDateTime", "Reminder Date/Time", DATETIME),
                Field.of("IsReminderSet", "Reminder Set", BOOLEAN),
                unset("IsChild", "Is Child", BOOLEAN),
                unset("IsGroupEvent", "Is Group Event", BOOLEAN),
                unset("GroupEventType", "Group Event Type", PICKLIST),
                picklist("EventSubtype", "Event Subtype", EVENT)
                        .withLength(40)
                        .offering(true, List.of(EVENT))
                        .withDefault(EVENT)
                        .createOnly()));
        fields.addAll(recurrence("RecurrenceStartDateTime", DATETIME));
        return type(EVENT, EVENT, "Events", "00U", fields);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.address;
import static io.sluice.sandbox.salesforce.StandardFields.picklist;
import static io.sluice.sandbox.salesforce.StandardFields.text;
import static io.sluice.sandbox.salesforce.StandardFields.type;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.EMAIL;
import static io.sluice.sandbox.store.FieldType.INT;
import static io.sluice.sandbox.store.FieldType.PHONE;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import java.util.ArrayList;
import java.util.List;

/**
 * Declares the organization, its record types and profiles ("Standard Objects" in the Object Reference, the main fields of each).
 */
final class OrganizationObjects {

    static final String ORGANIZATION = "Organization";
    static final String PROFILE = "Profile";

    private OrganizationObjects() {}

    static List<ObjectType> all() {
        return List.of(recordType(), organization(), profile());
    }

    private static ObjectType recordType() {
        return type(
                "RecordType",
                "Record Type",
                "Record Types",
                "012",
                List.of(
                        text("Name", "Name", 80).asRequired().asNameField(),
                        text("DeveloperName", "Record Type Name", 80).asRequired(),
                        text("NamespacePrefix", "Namespace Prefix", 15).readOnly(),
                        text("Description", "Description", 255),
                        picklist(
                                        "SobjectType",
                                        "SObject Type Name",
                                        "Account",
                                        "Case",
                                        "Contact",
                                        "Lead",
                                        "Opportunity")
                                .asRequired(),
                        Field.of("IsActive", "Active", BOOLEAN)));
    }

    private static ObjectType organization() {
        List<Field> fields =
                new ArrayList<>(List.of(text("Name", "Name", 80).asNameField(), text("Division", "Division", 80)));
        fields.addAll(address("", ""));
        fields.addAll(List.of(
                Field.of("Phone", "Phone", PHONE),
                Field.of("Fax", "Fax", PHONE),
                text("PrimaryContact", "Primary Contact", 80),
                picklist("DefaultLocaleSidKey", "Locale", "en_US").offering(true, List.of("en_US")),
                picklist("LanguageLocaleKey", "Language", "en_US").offering(true, List.of("en_US")),
                picklist("TimeZoneSidKey", "Time Zone", "GMT").offering(true, List.of("GMT")),
                Field.of("FiscalYearStartMonth", "Fiscal Year Starts In", INT),
                Field.of("UsesStartDateAsFiscalYearName", "Fiscal Year Name by Start", BOOLEAN),
                Field.of("ComplianceBccEmail", "Compliance BCC Email", EMAIL),
                access("Account"),
                access("Contact"),
                access("Opportunity"),
                access("Lead"),
                access("Case"),
                access("Campaign"),
                access("Calendar"),
                access("Pricebook"),
                picklist("OrganizationType", "Edition", "Developer Edition").readOnly(),
                text("NamespacePrefix", "Namespace Prefix", 15).readOnly(),
                text("InstanceName", "Instance Name", 5).readOnly(),
                Field.of("IsSandbox", "Is Sandbox", BOOLEAN).readOnly(),
                Field.of("IsReadOnly", "Is Read Only", BOOLEAN).readOnly(),
                Field.of("TrialExpirationDate", "Trial Expiration Date", DATETIME)
                        .readOnly()));
        return type(ORGANIZATION, "Organization", "Organizations", "00D", fields);
    }

    /** Declares the default access of users to others' records. */
    private static Field access(String what) {
        return picklist("Default" + what + "Access", "Default " + what + " Access", "None", "Read", "Edit")
                .withLength(40)
                .readOnly();
    }

    private static ObjectType profile() {
        return type(
                PROFILE,
                PROFILE,
                "Profiles",
                "00e",
                List.of(
                        text("Name", "Name", 255).asRequired().asNameField(),
                        picklist("UserType", "User Type", "Standard").readOnly(),
                        text("Description", "Description", 255)));
    }
}

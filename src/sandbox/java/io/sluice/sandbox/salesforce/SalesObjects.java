// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.computed;
import static io.sluice.sandbox.salesforce.StandardFields.longText;
import static io.sluice.sandbox.salesforce.StandardFields.picklist;
import static io.sluice.sandbox.salesforce.StandardFields.read;
import static io.sluice.sandbox.salesforce.StandardFields.reference;
import static io.sluice.sandbox.salesforce.StandardFields.text;
import static io.sluice.sandbox.salesforce.StandardFields.type;
import static io.sluice.sandbox.salesforce.StandardFields.unset;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.CURRENCY;
import static io.sluice.sandbox.store.FieldType.DATE;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.DOUBLE;
import static io.sluice.sandbox.store.FieldType.INT;
import static io.sluice.sandbox.store.FieldType.PERCENT;
import static io.sluice.sandbox.store.FieldType.TEXTAREA;
import static io.sluice.sandbox.store.FieldType.URL;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import java.util.List;

/**
 * Declares campaigns, products and their prices ("Standard Objects" in the Object Reference, the main fields of each).
 */
final class SalesObjects {

    private SalesObjects() {}

    static List<ObjectType> all() {
        return List.of(
                leadStatus(),
                opportunityStage(),
                campaign(),
                campaignMember(),
                product(),
                pricebook(),
                pricebookEntry(),
                lineItem());
    }

    /** Declares the statuses of leads, which say whether a lead is converted. */
    private static ObjectType leadStatus() {
        return type(
                "LeadStatus",
                "Lead Status Value",
                "Lead Status Value",
                "01J",
                List.of(
                        text("ApiName", "API Name", 255).readOnly(),
                        text("MasterLabel", "Master Label", 255).readOnly(),
                        Field.of("SortOrder", "Sort Order", INT).readOnly(),
                        Field.of("IsDefault", "Is Default", BOOLEAN).readOnly(),
                        Field.of("IsConverted", "Is Converted", BOOLEAN).readOnly()));
    }

    private static ObjectType campaign() {
        return type(
                "Campaign",
                "Campaign",
                "Campaigns",
                "701",
                List.of(
                        text("Name", "Name", 80).asRequired().asNameField(),
                        reference("ParentId", "Parent Campaign ID", "Campaign", "Parent")
                                .asChildOf("ChildCampaigns"),
                        picklist(
                                "Type",
                                "Type",
                                "Conference",
                                "Webinar",
                                "Trade Show",
                                "Public Relations",
                                "Partners",
                                "Referral Program",
                                "Advertisement",
                                "Banner Ads",
                                "Direct Mail",
                                "Email",
                                "Telemarketing",
                                "Other"),
                        picklist("Status", "Status", "Planned", "In Progress", "Completed", "Aborted")
                                .withDefault("Planned"),
                        Field.of("StartDate", "Start Date", DATE),
                        Field.of("EndDate", "End Date", DATE),
                        Field.of("ExpectedRevenue", "Expected Revenue", CURRENCY)
                                .withScale(0),
                        Field.of("BudgetedCost", "Budgeted Cost", CURRENCY).withScale(0),
                        Field.of("ActualCost", "Actual Cost", CURRENCY).withScale(0),
                        Field.of("ExpectedResponse", "Expected Response (%)", PERCENT),
                        Field.of("NumberSent", "Num Sent", DOUBLE).withScale(0),
                        Field.of("IsActive", "Active", BOOLEAN),
                        longText("Description", "Description"),
                        reference("OwnerId", "Owner ID", "User", "Owner"),
                        unset("LastActivityDate", "Last Activity", DATE),
                        unset("LastViewedDate", "Last Viewed Date", DATETIME),
                        unset("LastReferencedDate", "Last Referenced Date", DATETIME)));
    }

    /** Declares the stages of opportunities, which say what a stage implies. */
    private static ObjectType opportunityStage() {
        return type(
                "OpportunityStage",
                "Opportunity Stage",
                "Opportunity Stage",
                "01J",
                List.of(
                        text("ApiName", "API Name", 255).readOnly(),
                        text("MasterLabel", "Master Label", 255).readOnly(),
                        Field.of("SortOrder", "Sort Order", INT).readOnly(),
                        Field.of("IsActive", "Is Active", BOOLEAN).readOnly(),
                        Field.of("IsClosed", "Closed", BOOLEAN).readOnly(),
                        Field.of("IsWon", "Won", BOOLEAN).readOnly(),
                        Field.of("DefaultProbability", "Probability (%)", PERCENT)
                                .withScale(0)
                                .readOnly(),
                        picklist("ForecastCategory", "Forecast Category", OpportunityStages.categoryValues())
                                .withLength(40)
                                .readOnly(),
                        picklist("ForecastCategoryName", "Forecast Category Name")
                                .offering(true, OpportunityStages.CATEGORIES)
                                .readOnly(),
                        text("Description", "Description", 255).readOnly()));
    }

    private static ObjectType campaignMember() {
        ObjectType type = type(
                "CampaignMember",
                "Campaign Member",
                "Campaign Members",
                "00v",
                List.of(
                        reference("CampaignId", "Campaign ID", "Campaign", "Campaign")
                                .asChildOf("CampaignMembers")
                                .asRequired()
                                .createOnly(),
                        reference("LeadId", "Lead ID", "Lead", "Lead")
                                .asChildOf("CampaignMembers")
                                .createOnly(),
                        reference("ContactId", "Contact ID", "Contact", "Contact")
                                .asChildOf("CampaignMembers")
                                .createOnly(),
                        Field.of("FirstRespondedDate", "First Responded Date", DATE)
                                .readOnly(),
                        picklist("Status", "Status", "Sent", "Responded").withDefault("Sent")));
        type.add(computed("HasResponded", "Responded", BOOLEAN, row -> "Responded".equals(read(type, "Status", row))));
        return type;
    }

    private static ObjectType product() {
        return type(
                "Product2",
                "Product",
                "Products",
                "01t",
                List.of(
                        text("Name", "Product Name", 255).asRequired().asNameField(),
                        text("ProductCode", "Product Code", 255),
                        Field.of("Description", "Product Description", TEXTAREA).withLength(4000),
                        Field.of("IsActive", "Active", BOOLEAN),
                        picklist("Family", "Product Family", "None"),
                        text("StockKeepingUnit", "Product SKU", 180),
                        picklist("QuantityUnitOfMeasure", "Quantity Unit Of Measure", "Each"),
                        Field.of("DisplayUrl", "Display URL", URL).withLength(1000),
                        text("ExternalId", "External ID", 255),
                        unset("IsArchived", "Archived", BOOLEAN),
                        unset("LastViewedDate", "Last Viewed Date", DATETIME),
                        unset("LastReferencedDate", "Last Referenced Date", DATETIME)));
    }

    private static ObjectType pricebook() {
        return type(
                "Pricebook2",
                "Price Book",
                "Price Books",
                "01s",
                List.of(
                        text("Name", "Price Book Name", 255).asRequired().asNameField(),
                        text("Description", "Description", 255),
                        Field.of("IsActive", "Active", BOOLEAN),
                        Field.of("IsStandard", "Is Standard Price Book", BOOLEAN)
                                .readOnly(),
                        unset("IsArchived", "Archived", BOOLEAN),
                        unset("LastViewedDate", "Last Viewed Date", DATETIME),
                        unset("LastReferencedDate", "Last Referenced Date", DATETIME)));
    }

    private static ObjectType pricebookEntry() {
        return type(
                "PricebookEntry",
                "Price Book Entry",
                "Price Book Entries",
                "01u",
                List.of(
                        reference("Pricebook2Id", "Price Book ID", "Pricebook2", "Pricebook2")
                                .asChildOf("PricebookEntries")
                                .asRequired()
                                .createOnly(),
                        reference("Product2Id", "Product ID", "Product2", "Product2")
                                .asChildOf("PricebookEntries")
                                .asRequired()
                                .createOnly(),
                        Field.of("UnitPrice", "List Price", CURRENCY).asRequired(),
                        Field.of("IsActive", "Active", BOOLEAN),
                        Field.of("UseStandardPrice", "Use Standard Price", BOOLEAN),
                        unset("IsArchived", "Archived", BOOLEAN)));
    }

    private static ObjectType lineItem() {
        ObjectType type = type(
                "OpportunityLineItem",
                "Opportunity Product",
                "Opportunity Products",
                "00k",
                List.of(
                        reference("OpportunityId", "Opportunity ID", "Opportunity", "Opportunity")
                                .asChildOf("OpportunityLineItems")
                                .asRequired()
                                .createOnly(),
                        Field.of("SortOrder", "Sort Order", INT),
                        reference("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", "PricebookEntry")
                                .asChildOf("OpportunityLineItems")
                                .asRequired()
                                .createOnly(),
                        Field.of("Quantity", "Quantity", DOUBLE).asRequired(),
                        Field.of("UnitPrice", "Sales Price", CURRENCY),
                        Field.of("Discount", "Discount", PERCENT),
                        Field.of("ServiceDate", "Date", DATE),
                        text("Description", "Line Description", 255)));
        type.add(computed(
                "TotalPrice",
                "Total Price",
                CURRENCY,
                row -> read(type, "Quantity", row) instanceof Double quantity
                                && read(type, "UnitPrice", row) instanceof Double price
                        ? quantity * price * (1 - (read(type, "Discount", row) instanceof Double off ? off : 0) / 100)
                        : null));
        return type;
    }
}

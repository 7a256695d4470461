// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.SalesforceDefaults.BULK_BATCHES;
import static io.sluice.sandbox.salesforce.SalesforceDefaults.BULK_QUERY_JOBS;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.soql.Function;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Formula;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Describes the org: versions, objects, fields, limits and record counts. */
final class Describes {

    /** Range of versions; the newest is the one that Salesforce calls generally available. */
    static final int OLDEST_VERSION = 31;

    static final int NEWEST_VERSION = 67;

    private static final int LONGEST_FILTERED = 4000;

    private Describes() {}

    static Answer versions() {
        ArrayNode versions = Answers.JSON.createArrayNode();
        String[] seasons = {"Spring", "Summer", "Winter"};
        for (int version = OLDEST_VERSION; version <= NEWEST_VERSION; version++) {
            // v67 is Summer '26, and there are three a year
            int release = version - 66 + 26 * 3;
            String season = seasons[Math.floorMod(release, 3)];
            int year = Math.floorDiv(release, 3) + ("Winter".equals(season) ? 1 : 0);
            versions.addObject()
                    .put("label", season + " '" + year)
                    .put("url", "/services/data/v" + version + ".0")
                    .put("version", version + ".0");
        }
        return Answers.json(200, versions);
    }

    static Answer resources(ApiCall call, Request.Attempt attempt) {
        ObjectNode resources = Answers.JSON.createObjectNode();
        for (String name : List.of("sobjects", "query", "queryAll", "limits", "composite", "jobs", "recent")) {
            resources.put(name, "/services/data/" + call.version() + "/" + name);
        }
        return Answers.json(
                200,
                resources.put(
                        "identity",
                        call.origin() + "/id/" + SalesforceDefaults.ORGANIZATION + "/" + SalesforceDefaults.API_USER));
    }

    static Answer global(ApiCall call, Request.Attempt attempt) {
        ObjectNode all =
                Answers.JSON.createObjectNode().put("encoding", "UTF-8").put("maxBatchSize", 200);
        ArrayNode objects = all.putArray("sobjects");
        call.store().tables().forEach(table -> objects.add(object(table.type(), call.version())));
        return Answers.json(200, all);
    }

    static Answer basic(ApiCall call, Request.Attempt attempt) {
        ObjectNode basic = Answers.JSON.createObjectNode();
        basic.set("objectDescribe", object(call.table(1).type(), call.version()));
        basic.putArray("recentItems");
        return Answers.json(200, basic);
    }

    static Answer describe(ApiCall call, Request.Attempt attempt) {
        ObjectType type = call.table(1).type();
        ObjectNode described = object(type, call.version());
        described.putArray("actionOverrides");
        ArrayNode children = described.putArray("childRelationships");
        call.store().tables().forEach(table -> children(children, table, type));
        master(
                described.putArray("recordTypeInfos"),
                described.path("urls").path("sobject").asText());
        described.putArray("namedLayoutInfos");
        described
                .putArray("supportedScopes")
                .addObject()
                .put("label", "All " + type.plural().toLowerCase(Locale.ROOT))
                .put("name", "everything");
        ArrayNode fields = described.putArray("fields");
        type.fields().forEach(field -> fields.add(field(field)));
        return Answers.json(200, described);
    }

    /** Answers the recently viewed records; there are none. */
    static Answer recent(ApiCall call, Request.Attempt attempt) {
        return Answers.json(200, Answers.JSON.createArrayNode());
    }

    static Answer limits(ApiCall call, Request.Attempt attempt) {
        ObjectNode limits = Answers.JSON.createObjectNode();
        usage(call, limits, "DailyApiRequests", Limiter.DAILY);
        usage(call, limits, "DailyBulkApiBatches", BULK_BATCHES);
        usage(call, limits, "DailyBulkV2QueryJobs", BULK_QUERY_JOBS);
        usage(call, limits, "DailyDurableStreamingApiEvents", Streaming.TOPIC_DELIVERIES);
        usage(call, limits, "DailyDeliveredPlatformEvents", Streaming.EVENT_DELIVERIES);
        for (Allocation allocation : Allocation.values()) {
            limits.putObject(allocation.name).put("Max", allocation.max).put("Remaining", allocation.max);
        }
        return Answers.json(200, limits);
    }

    private static void usage(ApiCall call, ObjectNode limits, String name, String window) {
        call.account().limiter().usage(window).ifPresent(usage -> limits.putObject(name)
                .put("Max", usage.max())
                .put("Remaining", Math.max(0, usage.max() - usage.used())));
    }

    /** Allocations of a Developer Edition that nothing in the sandbox uses. */
    private enum Allocation {
        QUERY_STORAGE("DailyBulkV2QueryFileStorageMB", 976_562),
        DATA_STORAGE("DataStorageMB", 5),
        FILE_STORAGE("FileStorageMB", 20),
        STREAMING("DailyStreamingApiEvents", 10_000);

        private final String name;
        private final long max;

        Allocation(String name, long max) {
            this.name = name;
            this.max = max;
        }
    }

    static Answer recordCount(ApiCall call, Request.Attempt attempt) {
        String wanted = call.parameter("sObjects", "");
        List<String> names = wanted.isBlank() ? List.of() : Arrays.asList(wanted.split(","));
        ObjectNode counts = Answers.JSON.createObjectNode();
        ArrayNode objects = counts.putArray("sObjects");
        for (Table table : call.store().tables()) {
            String name = table.type().name();
            if (table.live() > 0 && (names.isEmpty() || names.stream().anyMatch(name::equalsIgnoreCase))) {
                objects.addObject().put("count", table.live()).put("name", name);
            }
        }
        return Answers.json(200, counts);
    }

    /** Adds the record type that every object has. */
    private static void master(ArrayNode types, String url) {
        types.addObject()
                .put("active", true)
                .put("available", true)
                .put("defaultRecordTypeMapping", true)
                .put("developerName", "Master")
                .put("master", true)
                .put("name", "Master")
                .put("recordTypeId", "012000000000000AAA")
                .putObject("urls")
                .put("layout", url + "/describe/layouts/012000000000000AAA");
    }

    private static void children(ArrayNode children, Table table, ObjectType parent) {
        for (Field field : table.type().fields()) {
            if (field.refersTo(parent.name())) {
                ObjectNode child = children.addObject()
                        .put("cascadeDelete", false)
                        .put("childSObject", table.type().name())
                        .put("deprecatedAndHidden", false)
                        .put("field", field.name());
                child.putArray("junctionIdListNames");
                child.putArray("junctionReferenceTo");
                child.put("relationshipName", field.reference().children()).put("restrictedDelete", false);
            }
        }
    }

    /** Objects whose records the API does not create, and those it does not delete. */
    private static final Set<String> NOT_CREATED = Set.of("Organization", "Profile", "LeadStatus", "OpportunityStage");

    private static final Set<String> NOT_DELETED =
            Set.of("Organization", "Profile", "RecordType", "User", "LeadStatus", "OpportunityStage");
    private static final Set<String> SETUP = NOT_DELETED;
    /** Fields that every record has from its creation on. */
    private static final Set<String> SYSTEM = Set.of(
            "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp");

    private static ObjectNode object(ObjectType type, String version) {
        ObjectNode object = Answers.JSON.createObjectNode();
        boolean isSetup = SETUP.contains(type.name());
        for (String on : List.of("queryable", "replicateable", "retrieveable", "updateable")) {
            object.put(on, true);
        }
        object.put("createable", !NOT_CREATED.contains(type.name()))
                .put("deletable", !NOT_DELETED.contains(type.name()))
                .put("undeletable", !NOT_DELETED.contains(type.name()))
                .put("mergeable", type.field(StandardObjects.MASTER).isPresent());
        for (String usual : List.of(
                "layoutable",
                "searchable",
                "triggerable",
                "feedEnabled",
                "mruEnabled",
                "compactLayoutable",
                "searchLayoutable")) {
            object.put(usual, !isSetup);
        }
        for (String off : List.of(
                "activateable",
                "customSetting",
                "deepCloneable",
                "deprecatedAndHidden",
                "hasSubtypes",
                "isInterface",
                "isSubtype")) {
            object.put(off, false);
        }
        for (String none : List.of(
                "defaultImplementation",
                "extendedBy",
                "extendsInterfaces",
                "implementedBy",
                "implementsInterfaces",
                "associateEntityType",
                "associateParentEntity",
                "sobjectDescribeOption",
                "listviewable",
                "lookupLayoutable",
                "networkScopeFieldName")) {
            object.putNull(none);
        }
        object.put("name", type.name())
                .put("label", type.label())
                .put("labelPlural", type.plural())
                .put("keyPrefix", type.keyPrefix())
                .put("custom", type.custom());
        String url = "/services/data/" + version + "/sobjects/" + type.name();
        object.putObject("urls")
                .put("sobject", url)
                .put("describe", url + "/describe")
                .put("rowTemplate", url + "/{ID}");
        return object;
    }

    private static ObjectNode field(Field field) {
        FieldType type = field.type();
        ObjectNode node = Answers.JSON.createObjectNode();
        boolean isLong = field.length() > LONGEST_FILTERED && type != FieldType.MULTIPICKLIST;
        node.put("aggregatable", Function.COUNT.takes(type) && !isLong);
        node.put("aiPredictionField", false).put("autoNumber", "CaseNumber".equals(field.name()));
        node.put("byteLength", type == FieldType.ID || type == FieldType.REFERENCE ? 18 : field.length() * 3);
        node.put("calculated", field.source() instanceof Formula || field.rollUp() != null)
                .put("calculatedFormula", field.source() instanceof Formula formula ? formula.text() : null)
                .put("cascadeDelete", false)
                .put("caseSensitive", false)
                .put("compoundFieldName", field.compound())
                .putNull("controllerName")
                .put("createable", field.createable())
                .put("custom", field.custom());
        if (type == FieldType.BOOLEAN) {
            node.put("defaultValue", Boolean.parseBoolean(field.options().defaultValue()));
        } else if (field.options().defaultValue() != null) {
            node.put("defaultValue", field.options().defaultValue());
        } else {
            node.putNull("defaultValue");
        }
        node.putNull("defaultValueFormula")
                .put(
                        "defaultedOnCreate",
                        type == FieldType.BOOLEAN
                                || field.options().defaultValue() != null
                                || "OwnerId".equals(field.name())
                                || SYSTEM.contains(field.name()))
                .put("dependentPicklist", false)
                .put("deprecatedAndHidden", false)
                .put("digits", type == FieldType.INT ? 8 : 0)
                .put("displayLocationInDecimal", false)
                .put("encrypted", false)
                .put("externalId", field.externalId());
        node.put(
                "extraTypeInfo",
                type == FieldType.TEXTAREA ? "plaintextarea" : "Name".equals(field.compound()) ? "personname" : null);
        node.put("filterable", !isLong && type != FieldType.ADDRESS)
                .putNull("filteredLookupInfo")
                .put("formulaTreatNullNumberAsZero", false)
                .put("groupable", isGroupable(type) && !isLong)
                .put("highScaleNumber", false)
                .put("htmlFormatted", false)
                .put("idLookup", field.idLookup())
                .putNull("inlineHelpText")
                .put("label", field.label())
                .put("length", field.length())
                .putNull("mask")
                .putNull("maskType")
                .put("name", field.name())
                .put("nameField", field.nameField())
                .put("namePointing", field.reference() != null && field.referenceTo() == null)
                .put("nillable", isNillable(field))
                .put("permissionable", field.custom());
        ArrayNode choices = node.putArray("picklistValues");
        field.options().values().forEach(value -> choices.addObject()
                .put("active", true)
                .put("defaultValue", value.equals(field.options().defaultValue()))
                .put("label", value)
                .putNull("validFor")
                .put("value", value));
        boolean isPolymorphic = field.reference() != null && field.referenceTo() == null;
        node.put("polymorphicForeignKey", isPolymorphic)
                .put("precision", type == FieldType.INT ? 0 : field.precision())
                .put("queryByDistance", type == FieldType.ADDRESS)
                .putNull("referenceTargetField");
        ArrayNode targets = node.putArray("referenceTo");
        if (field.reference() != null) {
            field.reference().objects().forEach(targets::add);
        }
        return node.put("relationshipName", field.relationship())
                .putNull("relationshipOrder")
                .put("restrictedDelete", false)
                .put("restrictedPicklist", field.options().restricted())
                .put("scale", field.scale())
                .put("searchPrefilterable", false)
                .put("soapType", type.soapType())
                .put("sortable", type != FieldType.ADDRESS && type != FieldType.MULTIPICKLIST && !isLong)
                .put("type", type.wireName())
                .put("unique", field.unique())
                .put("updateable", field.updateable())
                .put("writeRequiresMasterRead", false);
    }

    private static boolean isGroupable(FieldType type) {
        return switch (type) {
            case ADDRESS, DATETIME, TIME, MULTIPICKLIST -> false;
            default -> !type.isDecimal();
        };
    }

    private static boolean isNillable(Field field) {
        return !field.required()
                && field.type() != FieldType.BOOLEAN
                && field.options().defaultValue() == null
                && !SYSTEM.contains(field.name())
                && !"OwnerId".equals(field.name())
                && !field.nameField();
    }
}

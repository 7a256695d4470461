// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stores the pipelines of deals and tickets with their stages, per account. A new account has HubSpot's own (<a
 * href="https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide">Pipelines</a>).
 */
final class Pipelines {

    /** Names the pipeline and the stage property of an object. */
    record Names(String pipeline, String stage) {}

    private static final Map<String, Names> NAMES = Map.of(
            "deals", new Names("pipeline", "dealstage"), "tickets", new Names("hs_pipeline", "hs_pipeline_stage"));
    private static final String KEPT = "hubspot.pipelines/";
    private static final String SINCE = "2026-01-01T00:00:00.000Z";

    private static final ArrayNode DEALS = pipeline(
            "default",
            "Sales Pipeline",
            deal("appointmentscheduled", "Appointment Scheduled", "0.2", false),
            deal("qualifiedtobuy", "Qualified To Buy", "0.4", false),
            deal("presentationscheduled", "Presentation Scheduled", "0.6", false),
            deal("decisionmakerboughtin", "Decision Maker Bought-In", "0.8", false),
            deal("contractsent", "Contract Sent", "0.9", false),
            deal("closedwon", "Closed Won", "1.0", true),
            deal("closedlost", "Closed Lost", "0.0", true));
    private static final ArrayNode TICKETS = pipeline(
            "0",
            "Support Pipeline",
            ticket("1", "New", false),
            ticket("2", "Waiting on contact", false),
            ticket("3", "Waiting on us", false),
            ticket("4", "Closed", true));

    private Pipelines() {}

    /** Finds the pipeline and stage properties of an object; nothing for objects without pipelines. */
    static Optional<Names> names(String object) {
        return Optional.ofNullable(NAMES.get(object));
    }

    /**
     * Answers a copy of all pipelines of an object, archived ones included, which the caller may change and {@link
     * #keep}.
     */
    static ArrayNode all(Account account, String object) {
        return kept(account, object).deepCopy();
    }

    /** Answers all pipelines of an object, to be read only. */
    static ArrayNode kept(Account account, String object) {
        return account.kept(KEPT + object).map(ArrayNode.class::cast).orElseGet(() -> switch (object) {
            case "deals" -> DEALS;
            case "tickets" -> TICKETS;
            default -> Answers.JSON.createArrayNode();
        });
    }

    static void keep(Account account, String object, ArrayNode pipelines) {
        account.keep(KEPT + object, pipelines);
    }

    static List<String> ids(JsonNode pipelinesOrStages) {
        List<String> ids = new ArrayList<>();
        live(pipelinesOrStages).forEach(one -> ids.add(one.path("id").asText()));
        return ids;
    }

    /** Filters out archived pipelines or stages. */
    static List<JsonNode> live(JsonNode pipelinesOrStages) {
        List<JsonNode> live = new ArrayList<>();
        pipelinesOrStages.forEach(one -> {
            if (!one.path("archived").asBoolean()) {
                live.add(one);
            }
        });
        return live;
    }

    /** Lists the pipelines as options of a property. */
    static ArrayNode pipelineOptions(Account account, String object) {
        ArrayNode options = Answers.JSON.createArrayNode();
        live(kept(account, object)).forEach(pipeline -> option(options, pipeline));
        return options;
    }

    /** Lists the stages of all pipelines as options of a property. */
    static ArrayNode stageOptions(Account account, String object) {
        ArrayNode options = Answers.JSON.createArrayNode();
        live(kept(account, object))
                .forEach(pipeline -> live(pipeline.path("stages")).forEach(stage -> option(options, stage)));
        return options;
    }

    private static void option(ArrayNode options, JsonNode one) {
        options.addObject()
                .put("label", one.path("label").asText())
                .put("value", one.path("id").asText())
                .put("displayOrder", one.path("displayOrder").asInt())
                .put("hidden", false);
    }

    private static ArrayNode pipeline(String id, String label, ObjectNode... stages) {
        ArrayNode pipelines = Answers.JSON.createArrayNode();
        ArrayNode all = described(pipelines.addObject(), id, label, 0).putArray("stages");
        for (ObjectNode stage : stages) {
            all.add(stage.put("displayOrder", all.size()));
        }
        return pipelines;
    }

    private static ObjectNode deal(String id, String label, String probability, boolean closed) {
        return stage(id, label, Map.of("probability", probability, "isClosed", String.valueOf(closed)));
    }

    private static ObjectNode ticket(String id, String label, boolean closed) {
        return stage(id, label, Map.of("ticketState", closed ? "CLOSED" : "OPEN", "isClosed", String.valueOf(closed)));
    }

    private static ObjectNode stage(String id, String label, Map<String, String> metadata) {
        ObjectNode stage = described(Answers.JSON.createObjectNode(), id, label, 0);
        metadata.forEach(stage.putObject("metadata")::put);
        return stage.put("writePermissions", "CRM_PERMISSIONS_ENFORCEMENT");
    }

    private static ObjectNode described(ObjectNode node, String id, String label, int order) {
        return node.put("id", id)
                .put("label", label)
                .put("displayOrder", order)
                .put("createdAt", SINCE)
                .put("updatedAt", SINCE)
                .put("archived", false);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * Serves {@code /pipelines/X} and its stages. A change is at once visible in the options of the pipeline and stage
 * properties.
 */
final class PipelineRoutes {

    private static final int MOST_DEAL_STAGES = 100;

    private final Accounts accounts;

    PipelineRoutes(Accounts accounts) {
        this.accounts = accounts;
    }

    Answer answer(ApiCall call) {
        synchronized (call.account()) {
            return new Visit(
                            call,
                            call.table(),
                            Pipelines.all(call.account(), call.table().type().name()))
                    .answer();
        }
    }

    /** Holds one call with the pipelines that it reads. */
    private final class Visit {

        private final ApiCall call;
        private final Table table;
        private final ArrayNode all;
        private final String now;

        Visit(ApiCall call, Table table, ArrayNode all) {
            this.call = call;
            this.table = table;
            this.all = all;
            this.now = Answers.moment(call.store().now());
        }

        Answer answer() {
            String method = call.call().method();
            List<String> path = call.path();
            boolean stages = path.size() > 3 && "stages".equals(path.get(3));
            return switch (method + path.size() + (stages ? "s" : "")) {
                case "GET2" -> list(all);
                case "POST2" -> saved(201, add(call.body()));
                case "GET3" -> Answers.json(200, pipeline());
                case "PUT3" -> saved(200, replaced(pipeline(), call.body()));
                case "PATCH3" -> saved(200, changed(pipelineOrArchived(), call.body()));
                case "DELETE3" -> archived(pipeline(), pipeline().path("stages"));
                case "GET4s" -> list(pipeline().path("stages"));
                case "POST4s" -> saved(201, addStage(pipeline(), call.body()));
                case "GET5s" -> Answers.json(200, stage());
                case "PUT5s" -> saved(200, changed(stage(), whole(call.body())));
                case "PATCH5s" -> saved(200, changed(stageOrArchived(), call.body()));
                case "DELETE5s" ->
                    archived(stage(), Answers.JSON.createArrayNode().add(stage()));
                case "GET4" -> audit(pipeline());
                case "GET6s" -> audit(stage());
                default -> throw Resources.nothing(call);
            };
        }

        private Answer list(JsonNode these) {
            ObjectNode body = Answers.JSON.createObjectNode();
            ArrayNode results = body.putArray("results");
            Pipelines.live(these).forEach(one -> results.add(shown(one)));
            return Answers.json(200, body);
        }

        /** Shows a pipeline without its archived stages. */
        private JsonNode shown(JsonNode one) {
            if (!one.has("stages")) {
                return one;
            }
            ObjectNode shown = one.deepCopy();
            ArrayNode stages = shown.putArray("stages");
            Pipelines.live(one.path("stages")).forEach(stages::add);
            return shown;
        }

        private ObjectNode pipeline() {
            return find(all, call.part(2), false);
        }

        private ObjectNode pipelineOrArchived() {
            return find(all, call.part(2), true);
        }

        private ObjectNode stage() {
            return find(pipeline().path("stages"), call.part(4), false);
        }

        private ObjectNode stageOrArchived() {
            return find(pipeline().path("stages"), call.part(4), true);
        }

        private static ObjectNode find(JsonNode these, String id, boolean orArchived) {
            for (JsonNode one : these) {
                if (one.path("id").asText().equals(id)
                        && (orArchived || !one.path("archived").asBoolean())) {
                    return (ObjectNode) one;
                }
            }
            throw HubspotError.notFound("resource not found").thrown();
        }

        private ObjectNode add(JsonNode body) {
            HubspotError.require(body, "label", "displayOrder", "stages");
            ObjectNode pipeline = fresh(all.addObject(), body, id(body.path("pipelineId"), all));
            return replaced(pipeline, body);
        }

        /** Replaces a pipeline. Stages that the body names by id or label keep their ids. */
        private ObjectNode replaced(ObjectNode pipeline, JsonNode body) {
            HubspotError.require(body, "label", "displayOrder", "stages");
            changed(pipeline, body);
            JsonNode before = pipeline.path("stages");
            pipeline.putArray("stages");
            for (JsonNode stage : body.path("stages")) {
                ObjectNode added = addStage(pipeline, stage);
                before.forEach(old -> {
                    if (!stage.has("stageId") && old.path("label").equals(added.path("label"))) {
                        added.put("id", old.path("id").asText())
                                .put("createdAt", old.path("createdAt").asText());
                    }
                });
            }
            return pipeline;
        }

        private ObjectNode addStage(ObjectNode pipeline, JsonNode body) {
            whole(body);
            ArrayNode stages = pipeline.withArray("stages");
            if (stages.size() >= MOST_DEAL_STAGES) {
                throw HubspotError.invalid("A pipeline has no more than " + MOST_DEAL_STAGES + " stages.")
                        .thrown();
            }
            List<JsonNode> everyStage = new ArrayList<>();
            all.forEach(one -> one.path("stages").forEach(everyStage::add));
            ObjectNode stage = fresh(
                    stages.addObject(),
                    body,
                    id(body.path("stageId"), Answers.JSON.createArrayNode().addAll(everyStage)));
            stage.putObject("metadata");
            stage.put("writePermissions", "CRM_PERMISSIONS_ENFORCEMENT");
            return changed(stage, body);
        }

        private JsonNode whole(JsonNode body) {
            HubspotError.require(body, "label", "displayOrder", "metadata");
            if ("deals".equals(table.type().name()) && !body.path("metadata").has("probability")) {
                throw HubspotError.invalid("Deal stages must have a metadata property 'probability' from 0.0 to 1.0.")
                        .thrown();
            }
            return body;
        }

        private ObjectNode fresh(ObjectNode one, JsonNode body, String id) {
            return one.put("id", id)
                    .put("label", body.path("label").asText())
                    .put("displayOrder", 0)
                    .put("createdAt", now)
                    .put("updatedAt", now)
                    .put("archived", false);
        }

        private ObjectNode changed(ObjectNode one, JsonNode body) {
            if (body.has("label")) {
                one.put("label", body.path("label").asText());
            }
            if (body.has("displayOrder")) {
                one.put("displayOrder", body.path("displayOrder").asInt());
            }
            if (body.path("metadata").isObject()) {
                body.path("metadata").properties().forEach(entry -> one.withObject("/metadata")
                        .put(entry.getKey(), entry.getValue().asText()));
                one.withObject("/metadata").put("isClosed", String.valueOf(isClosed(one.path("metadata"))));
            }
            if (body.path("archived").isBoolean()) {
                one.put("archived", body.path("archived").asBoolean());
                if (body.path("archived").asBoolean()) {
                    one.put("archivedAt", now);
                } else {
                    one.remove("archivedAt");
                }
            }
            return one.put("updatedAt", now);
        }

        /** Whether a deal in this stage is won or lost for certain, or a ticket in this stage is closed. */
        private boolean isClosed(JsonNode metadata) {
            return metadata.has("probability")
                    ? metadata.path("probability").asText().matches("0(\\.0+)?|1(\\.0+)?")
                    : "CLOSED".equals(metadata.path("ticketState").asText());
        }

        private String id(JsonNode wanted, JsonNode taken) {
            if (!wanted.asText("").isBlank()) {
                for (JsonNode one : taken) {
                    if (one.path("id").asText().equals(wanted.asText())) {
                        throw HubspotError.of(409, "CONFLICT", "The id '" + wanted.asText() + "' is taken.")
                                .thrown();
                    }
                }
                return wanted.asText();
            }
            long highest = 1_000_000;
            for (JsonNode one : taken) {
                String id = one.path("id").asText();
                highest = id.matches("\\d{7,15}") ? Math.max(highest, Long.parseLong(id)) : highest;
            }
            return String.valueOf(highest + 1);
        }

        private Answer archived(ObjectNode one, JsonNode stages) {
            boolean check = "true".equals(call.parameter("validateReferencesBeforeDelete"))
                    || "true".equals(call.parameter("validateDealStageUsagesBeforeDelete"))
                    || !one.has("stages");
            if (check && isUsed(Pipelines.ids(stages))) {
                throw HubspotError.invalid("Records are in the stages " + Pipelines.ids(stages) + ".")
                        .thrown();
            }
            one.put("archived", true).put("archivedAt", now).put("updatedAt", now);
            save();
            return Answer.empty(204);
        }

        private boolean isUsed(List<String> stages) {
            Field field = table.type().field(names().stage()).orElseThrow();
            for (Row row : table) {
                if (!row.isDeleted() && stages.contains(RecordJson.value(field, row))) {
                    return true;
                }
            }
            return false;
        }

        private Answer audit(ObjectNode one) {
            if (!"audit".equals(call.path().get(call.path().size() - 1))) {
                throw Resources.nothing(call);
            }
            ObjectNode body = Answers.JSON.createObjectNode();
            ArrayNode results = body.putArray("results");
            for (String action : List.of("CREATE", "UPDATE")) {
                String at = one.path("CREATE".equals(action) ? "createdAt" : "updatedAt")
                        .asText();
                if ("CREATE".equals(action) || !at.equals(one.path("createdAt").asText())) {
                    results.addObject()
                            .put("portalId", Resources.PORTAL)
                            .put("identifier", one.path("id").asText())
                            .put("action", action)
                            .put("timestamp", at);
                }
            }
            return Answers.json(200, body);
        }

        private Answer saved(int status, ObjectNode one) {
            names();
            save();
            return Answers.json(status, shown(one));
        }

        private Pipelines.Names names() {
            return Pipelines.names(table.type().name())
                    .orElseThrow(() -> HubspotError.invalid(table.type().name() + " have no pipelines.")
                            .thrown());
        }

        private void save() {
            String object = table.type().name();
            Pipelines.keep(call.account(), object, all);
            declare(names().pipeline(), Pipelines.pipelineOptions(call.account(), object));
            declare(names().stage(), Pipelines.stageOptions(call.account(), object));
        }

        private void declare(String name, ArrayNode options) {
            Field field = table.type().field(name).orElseThrow();
            ObjectNode spec = Answers.JSON
                    .createObjectNode()
                    .put("label", field.label())
                    .put("type", PropertyType.ENUMERATION.field().wireName());
            spec.set("options", options);
            accounts.declareField(call.account(), table.type().name(), name, spec);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static io.sluice.sandbox.HubspotClient.inputs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubspotAssociationsTest extends HubspotTestBase {

    private static final String BATCH = "/crm/v4/associations/contacts/companies/batch/";
    private static final String TYPE = "[{\"associationCategory\":\"HUBSPOT_DEFINED\",\"associationTypeId\":%d}]";

    private String company(String name) {
        return crm.post("/crm/v3/objects/companies", "{\"properties\":{\"name\":\"" + name + "\"}}")
                .json()
                .path("id")
                .asText();
    }

    private String person(String number) {
        return crm.upsertContacts(contact(number, ""))
                .json()
                .at("/results/0/id")
                .asText();
    }

    private static String pair(String from, String to, int type) {
        return "{\"from\":{\"id\":\"" + from + "\"},\"to\":{\"id\":\"" + to + "\"},\"types\":" + TYPE.formatted(type)
                + "}";
    }

    private static String id(String id) {
        return "{\"id\":\"" + id + "\"}";
    }

    /** Ids and types at the other end, in order. */
    private List<String> read(String batch, String from) {
        List<String> found = new ArrayList<>();
        crm.post(batch + "read", inputs(id(from)))
                .json()
                .at("/results/0/to")
                .forEach(to -> found.add(to.path("toObjectId").asText()
                        + StreamSupport.stream(to.path("associationTypes").spliterator(), false)
                                .map(type -> " " + type.path("typeId").asInt()
                                        + (type.path("label").isNull()
                                                ? ""
                                                : "=" + type.path("label").asText()))
                                .collect(Collectors.joining())));
        return found;
    }

    @Test
    void anAssociationIsReadFromBothSidesEachWithItsOwnType() {
        String ann = person("C-1");
        String acme = company("Acme");
        HubspotClient.Reply made = crm.post(BATCH + "create", inputs(pair(ann, acme, 279)));
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().at("/results/0/fromObjectId").asText()).isEqualTo(ann);
        assertThat(made.json().at("/results/0/toObjectTypeId").asText()).isEqualTo("0-2");
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279");
        assertThat(read("/crm/associations/2026-09/0-2/contact/batch/", acme)).containsExactly(ann + " 280");
        assertThat(crm.referee().at("/recordsByObject/associations").asInt()).isOne();
    }

    @Test
    void aSecondPrimaryTakesThePlaceOfTheFirstWhichStaysAssociated() {
        String ann = person("C-1");
        String acme = company("Acme");
        String other = company("Other");
        crm.post(BATCH + "create", inputs(pair(ann, acme, 1)));
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279 1=Primary");
        JsonNode labels = crm.post("/crm/v4/associations/companies/contacts/batch/create", inputs(pair(other, ann, 2)))
                .json()
                .at("/results/0/labels");
        assertThat(labels).hasSize(1);
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279", other + " 279 1=Primary");
        assertThat(crm.post(BATCH + "labels/archive", inputs(pair(ann, other, 1)))
                        .status())
                .isEqualTo(204);
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279", other + " 279");
    }

    @Test
    void whatCannotBeAssociatedIsReportedBesideWhatWas() {
        String ann = person("C-1");
        String acme = company("Acme");
        HubspotClient.Reply reply =
                crm.post(BATCH + "create", inputs(pair(ann, acme, 279), pair(ann, "77", 279), pair(ann, acme, 341)));
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().path("numErrors").asInt()).isEqualTo(2);
        assertThat(reply.json().path("results")).hasSize(1);
        assertThat(reply.json().at("/errors/0/context/objectId/0").asText()).isEqualTo("77");
        assertThat(reply.json().at("/errors/0/context/INVALID_OBJECT_IDS/0").asText())
                .isEqualTo("COMPANY=77 is not valid");
        assertThat(reply.json().at("/errors/1/message").asText()).contains("341");
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279");
    }

    @Test
    void aReadingShowsWhichRecordsBelongToNone() {
        String ann = person("C-1");
        HubspotClient.Reply reply = crm.post(BATCH + "read", inputs(id(ann), id("77")));
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().path("results")).isEmpty();
        assertThat(reply.json().at("/errors/0/subCategory").asText())
                .isEqualTo("crm.associations.NO_ASSOCIATIONS_FOUND");
        assertThat(reply.json().at("/errors/0/context/fromObjectId/0").asText()).isEqualTo(ann);
    }

    @Test
    void eachCallHasItsLargestNumberOfInputs() {
        String many =
                IntStream.range(0, 2_001).mapToObj(n -> pair("1", "2", 279)).collect(Collectors.joining(","));
        assertThat(crm.post(BATCH + "create", inputs(many)).status()).isEqualTo(400);
        String read = IntStream.range(0, 1_001).mapToObj(n -> id("" + n)).collect(Collectors.joining(","));
        assertThat(crm.post(BATCH + "read", inputs(read)).status()).isEqualTo(400);
        String gone = IntStream.range(0, 101)
                .mapToObj(n -> "{\"from\":{\"id\":\"1\"},\"to\":[{\"id\":\"2\"}]}")
                .collect(Collectors.joining(","));
        assertThat(crm.post(BATCH + "archive", inputs(gone)).status()).isEqualTo(400);
    }

    @Test
    void aRecordWithManyIsReadPageByPage() {
        String acme = company("Acme");
        List<String> people = new ArrayList<>();
        for (int n = 0; n < 700; n += 100) {
            crm.upsertContacts(n, 100)
                    .json()
                    .path("results")
                    .forEach(made -> people.add(made.path("id").asText()));
        }
        String all = people.stream().map(ann -> pair(ann, acme, 279)).collect(Collectors.joining(","));
        assertThat(crm.post(BATCH + "create", inputs(all)).json().path("results"))
                .hasSize(700);
        String back = "/crm/v4/associations/companies/contacts/batch/read";
        JsonNode first = crm.post(back, inputs(id(acme))).json().path("results").path(0);
        JsonNode second = crm.post(
                        back,
                        inputs("{\"id\":\"" + acme + "\",\"after\":\""
                                + first.at("/paging/next/after").asText() + "\"}"))
                .json()
                .path("results")
                .path(0);
        assertThat(first.path("to")).hasSize(500);
        assertThat(second.path("to")).hasSize(200);
        assertThat(second.has("paging")).isFalse();
        JsonNode listed = crm.get("/crm/v4/objects/companies/" + acme + "/associations/contacts")
                .json();
        assertThat(listed.path("results")).hasSize(500).isEqualTo(first.path("to"));
        TreeSet<String> seen = new TreeSet<>(first.path("to").findValuesAsText("toObjectId"));
        seen.addAll(second.path("to").findValuesAsText("toObjectId"));
        assertThat(seen).isEqualTo(new TreeSet<>(people));
    }

    @Test
    void oneRecordIsAssociatedAndPartedByItsPath() {
        String ann = person("C-1");
        String acme = company("Acme");
        String of = "/crm/v4/objects/contacts/" + ann + "/associations/";
        assertThat(crm.put(of + "companies/" + acme, TYPE.formatted(1)).status())
                .isEqualTo(201);
        assertThat(crm.put(of + "companies/" + acme, "{}").status()).isEqualTo(400);
        assertThat(crm.put(of + "companies/" + acme, TYPE.formatted(3)).status())
                .isEqualTo(400);
        assertThat(crm.get(of + "companies").json().at("/results/0/toObjectId").asText())
                .isEqualTo(acme);
        assertThat(crm.delete(of + "companies/" + acme).status()).isEqualTo(204);
        assertThat(crm.get(of + "companies").json().path("results")).isEmpty();
        JsonNode made = crm.put("/crm/objects/2026-09/contacts/" + ann + "/associations/default/companies/" + acme, "")
                .json();
        assertThat(made.at("/results/0/associationSpec/associationTypeId").asInt())
                .isEqualTo(279);
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279");
        assertThat(crm.post(BATCH + "archive", inputs("{\"from\":" + id(ann) + ",\"to\":[" + id(acme) + "]}"))
                        .status())
                .isEqualTo(204);
        assertThat(read(BATCH, ann)).isEmpty();
        assertThat(crm.post(BATCH + "associate/default", inputs(pair(ann, acme, 279)))
                        .status())
                .isEqualTo(200);
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279");
    }

    @Test
    void usersMakeLabelsOfTheirOwnThatReadDifferentlyFromEachSide() {
        String labels = "/crm/v4/associations/contacts/deals/labels";
        String body = "{\"label\":\"Decides\",\"inverseLabel\":\"Decided by\",\"name\":\"decides\"}";
        JsonNode made = crm.post(labels, body).json().path("results");
        assertThat(made.findValuesAsText("label")).containsExactly("Decides", "Decided by");
        assertThat(crm.post(labels, body).status()).isEqualTo(400);
        assertThat(crm.post(labels, "{}").status()).isEqualTo(400);
        assertThat(crm.get(labels).json().path("results").findValuesAsText("typeId"))
                .containsExactly("4", made.at("/0/typeId").asText());
        String ann = person("C-1");
        String deal = crm.post("/crm/v3/objects/deals", "{\"properties\":{\"dealname\":\"Big\"}}")
                .json()
                .path("id")
                .asText();
        crm.post(
                "/crm/v4/associations/contacts/deals/batch/create",
                inputs(pair(ann, deal, made.at("/0/typeId").asInt()).replace("HUBSPOT", "USER")));
        assertThat(read("/crm/v4/associations/deals/contacts/batch/", deal))
                .containsExactly(ann + " 3 " + made.at("/1/typeId").asText() + "=Decided by");
    }

    @Test
    void customObjectsAndRecordsOfOneObjectAreAssociatedToo() {
        crm.put("/sandbox/objects/hubspot/bookings", "{\"label\":\"Booking\",\"keyPrefix\":\"a00\"}");
        String labels = "/crm/v4/associations/bookings/contacts/labels";
        JsonNode type = crm.get(labels).json().at("/results/0");
        assertThat(type.path("category").asText()).isEqualTo("USER_DEFINED");
        String booking = crm.post("/crm/v3/objects/bookings", "{\"properties\":{}}")
                .json()
                .path("id")
                .asText();
        String ann = person("C-1");
        String bob = person("C-2");
        crm.post(
                "/crm/v4/associations/bookings/contacts/batch/create",
                inputs(pair(booking, ann, type.path("typeId").asInt()).replace("HUBSPOT", "USER")));
        assertThat(read("/crm/v4/associations/contacts/bookings/batch/", ann))
                .singleElement()
                .asString()
                .startsWith(booking);
        crm.post("/crm/v4/associations/contacts/contacts/batch/create", inputs(pair(bob, ann, 449)));
        assertThat(read("/crm/v4/associations/contacts/contacts/batch/", ann)).containsExactly(bob + " 449");
        assertThat(read("/crm/v4/associations/contacts/contacts/batch/", bob)).containsExactly(ann + " 449");
    }

    @Test
    void batchesOfAssociationsDoNotCountAgainstTheTenSecondLimit() {
        crm.put("/sandbox/limits/hubspot", "{\"tenSecondly\":{\"max\":3,\"windowSeconds\":10}}");
        String ann = person("C-1");
        String acme = company("Acme");
        for (int call = 0; call < 10; call++) {
            assertThat(crm.post(BATCH + "create", inputs(pair(ann, acme, 279))).status())
                    .isEqualTo(201);
        }
        String one = "/crm/v4/objects/contacts/" + ann + "/associations/companies";
        assertThat(crm.get(one).status()).isEqualTo(200);
        assertThat(crm.get(one).status()).isEqualTo(429);
        assertThat(crm.referee().at("/byOperation/associationsCreate").asInt()).isEqualTo(10);
    }

    @Test
    void faultsStrikeSingleAssociationsAndAUserMakesAndTakesThemAway() {
        String ann = person("C-1");
        String acme = company("Acme");
        crm.post(
                "/sandbox/faults/hubspot",
                "{\"kind\":\"partial\",\"object\":\"associations\",\"count\":1,"
                        + "\"errorCode\":\"LIMIT_EXCEEDED\",\"message\":\"Too many.\"}");
        JsonNode error =
                crm.post(BATCH + "create", inputs(pair(ann, acme, 279))).json().at("/errors/0");
        assertThat(error.path("category").asText()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(error.at("/context/toObjectId/0").asText()).isEqualTo(acme);
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"rowLock\",\"object\":\"associations\",\"count\":1}");
        assertThat(crm.post(BATCH + "create", inputs(pair(ann, acme, 279))).status())
                .isEqualTo(423);

        String users = "/sandbox/records/hubspot/associations";
        String id = crm.post(users, "{\"from\":\"" + ann + "\",\"to\":\"" + acme + "\",\"types\":[1]}")
                .json()
                .path("id")
                .asText();
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279 1=Primary");
        assertThat(crm.post(users, "{\"from\":\"" + ann + "\",\"to\":\"" + acme + "\",\"types\":[9]}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.post(users, "{\"from\":\"" + ann + "\",\"to\":\"9\"}").text())
                .contains("no record with the id '9'");
        assertThat(crm.get(users + "/" + id).json().at("/properties/one_id").asText())
                .isEqualTo(ann);
        assertThat(crm.delete(users + "/" + id).status()).isEqualTo(200);
        assertThat(read(BATCH, ann)).isEmpty();
        assertThat(crm.get("/crm/v3/objects/associations").status()).isEqualTo(400);
    }

    @Test
    void whatIsArchivedIsSeenFromNoOtherRecord() {
        String ann = person("C-1");
        String acme = company("Acme");
        crm.post(BATCH + "create", inputs(pair(ann, acme, 279)));
        crm.delete("/crm/v3/objects/companies/" + acme);
        assertThat(read(BATCH, ann)).isEmpty();
        crm.post("/sandbox/records/hubspot/companies/" + acme, "{\"archived\":false}");
        assertThat(read(BATCH, ann)).containsExactly(acme + " 279");
    }

    @Test
    void associationsAndLabelsOutliveTheSandbox(@TempDir Path folder) {
        Optional<Path> data = Optional.of(folder.resolve("sandbox.ndjson"));
        String ann;
        String acme;
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, data)) {
            crm = new HubspotClient(first.port());
            ann = person("C-1");
            acme = company("Acme");
            int type = crm.post(
                            "/crm/v4/associations/contacts/companies/labels", "{\"label\":\"Owns\",\"name\":\"owns\"}")
                    .json()
                    .at("/results/0/typeId")
                    .asInt();
            crm.post(BATCH + "create", inputs(pair(ann, acme, type).replace("HUBSPOT", "USER")));
            assertThat(read(BATCH, ann)).containsExactly(acme + " 279 " + type + "=Owns");
        }
        try (Sandbox again = Sandbox.start("127.0.0.1", 0, data)) {
            crm = new HubspotClient(again.port());
            assertThat(read(BATCH, ann))
                    .singleElement()
                    .asString()
                    .startsWith(acme + " 279 ")
                    .endsWith("=Owns");
        }
    }

    @Test
    void aLabelIsRenamedFromEitherSideAndDeletedWithItsInverse() {
        String labels = "/crm/v4/associations/contacts/companies/labels";
        int buyer = crm.post(labels, "{\"label\":\"Buyer\",\"name\":\"buyer\",\"inverseLabel\":\"Buys\"}")
                .json()
                .at("/results/0/typeId")
                .asInt();
        assertThat(crm.put(labels, "{\"associationTypeId\":" + buyer + ",\"label\":\"Purchaser\"}")
                        .status())
                .isEqualTo(204);
        assertThat(crm.get(labels).json().path("results").findValuesAsText("label"))
                .contains("Purchaser")
                .doesNotContain("Buyer");
        assertThat(crm.put(
                                "/crm/associations/2026-09/companies/contacts/labels",
                                "{\"associationTypeId\":" + (buyer + 1) + ",\"label\":\"Purchases\"}")
                        .status())
                .isEqualTo(204);
        assertThat(crm.get("/crm/v4/associations/companies/contacts/labels")
                        .json()
                        .path("results")
                        .findValuesAsText("label"))
                .contains("Purchases", "Contact with Primary Company")
                .doesNotContain("Buys");
        assertThat(crm.delete(labels + "/" + buyer).status()).isEqualTo(204);
        assertThat(crm.get(labels).json().path("results")).hasSize(2);
        assertThat(crm.delete(labels + "/1").status()).isEqualTo(400);
    }

    @Test
    void theOlderVersionNamesItsTypes() {
        String ann = person("C-1");
        String acme = company("Acme");
        String older = "/crm/v3/associations/contacts/companies/";
        String input = inputs(
                "{\"from\":{\"id\":\"" + ann + "\"},\"to\":{\"id\":\"" + acme + "\"},\"type\":\"contact_to_company\"}");
        assertThat(crm.get(older + "types").json().path("results").findValuesAsText("name"))
                .containsExactly("contact_to_company_unlabeled", "contact_to_company");
        assertThat(crm.post(older + "batch/create", input).status()).isEqualTo(201);
        JsonNode read = crm.post(older + "batch/read", inputs(id(ann))).json().at("/results/0/to");
        assertThat(read.findValuesAsText("id")).containsExactly(acme, acme);
        assertThat(read.findValuesAsText("type")).contains("contact_to_company", "contact_to_company_unlabeled");
        assertThat(crm.post(older + "batch/archive", input).status()).isEqualTo(204);
        assertThat(crm.post(older + "batch/read", inputs(id(ann))).status()).isEqualTo(207);
    }

    @Test
    void theDatedVersionsAnswerWithIdsAsTexts() {
        String ann = person("C-1");
        String acme = company("Acme");
        String batch = "/crm/associations/2026-09/contacts/companies/batch/";
        HubspotClient.Reply made = crm.post(batch + "create", inputs(pair(ann, acme, 279)));
        assertThat(made.status()).isEqualTo(200);
        assertThat(made.json().at("/results/0/toObjectId").isTextual()).isTrue();
        assertThat(crm.post(batch + "read", inputs(id(ann)))
                        .json()
                        .at("/results/0/to/0/toObjectId")
                        .isTextual())
                .isTrue();
        HubspotClient.Reply gone = crm.post(
                batch + "archive",
                "{\"inputs\":[{\"from\":{\"id\":\"" + ann + "\"},\"to\":[{\"id\":\"" + acme + "\"}]}]}");
        assertThat(gone.status()).isEqualTo(200);
        assertThat(gone.json().path("status").asText()).isEqualTo("COMPLETE");
        assertThat(crm.post(batch + "archive", inputs(id(ann))).status()).isEqualTo(400);
    }

    @Test
    void aLimitSaysHowManyRecordsOneMayBelongTo() {
        String limits = "/crm/v4/associations/definitions/configurations/";
        String ann = person("C-1");
        String limit = "{\"inputs\":[{\"category\":\"HUBSPOT_DEFINED\",\"typeId\":279,\"maxToObjectIds\":%d}]}";
        assertThat(crm.post(limits + "contacts/companies/batch/create", limit.formatted(1))
                        .status())
                .isEqualTo(201);
        assertThat(crm.get(limits + "all")
                        .json()
                        .at("/results/0/userEnforcedMaxToObjectIds")
                        .asInt())
                .isOne();
        String acme = company("Acme");
        assertThat(crm.post(BATCH + "create", inputs(pair(ann, acme, 279))).status())
                .isEqualTo(201);
        assertThat(crm.post(BATCH + "create", inputs(pair(ann, acme, 279))).status())
                .isEqualTo(201);
        String other = company("Other");
        assertThat(crm.post(BATCH + "create", inputs(pair(ann, other, 279)))
                        .json()
                        .at("/errors/0/category")
                        .asText())
                .isEqualTo("VALIDATION_ERROR");
        assertThat(crm.post(limits + "contacts/companies/batch/purge", limit.formatted(1))
                        .status())
                .isEqualTo(204);
        assertThat(crm.get(limits + "contacts/companies").json().path("results"))
                .isEmpty();
        assertThat(crm.post(BATCH + "create", inputs(pair(ann, other, 279))).status())
                .isEqualTo(201);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the objects and records of a call that only its body names, for faults that name them. */
final class Subjects {

    private static final Pattern FROM = Pattern.compile("\\bFROM\\s+(\\w+)", Pattern.CASE_INSENSITIVE);

    private final Resources resources;
    private final Bulk bulk;
    private final Set<String> objects = new HashSet<>();
    private final Set<String> keys = new HashSet<>();

    private Subjects(Resources resources, Bulk bulk) {
        this.resources = resources;
        this.bulk = bulk;
    }

    static Request.Subject of(ApiCall call, Resources resources, Bulk bulk) {
        Subjects found = new Subjects(resources, bulk);
        try {
            found.collect(call);
        } catch (RefusedException e) {
            // the work says what is wrong with the request
            return Request.Subject.NONE;
        }
        return new Request.Subject(found.objects, found.keys);
    }

    private void collect(ApiCall call) {
        Resources.Route route = resources.route(call.method(), call.rest());
        objects.addAll(route.objects());
        switch (route.operation()) {
            case "query", "queryAll" -> addFrom(call.parameter("q", ""));
            case "read" -> keys.add(call.part(2));
            case "readByKey" -> keys.add(call.part(2) + "/" + call.part(3).toLowerCase(Locale.ROOT));
            case "create" -> addValues(call.table(1), call.body().json());
            case "collectionsCreate", "collectionsUpdate" ->
                Collections.records(call).forEach(record -> {
                    String type = record.path("attributes").path("type").asText();
                    objects.add(type);
                    call.store().table(type).ifPresent(table -> addValues(table, record));
                });
            case "collectionsDelete" -> {
                for (String id : call.parameter("ids", "").split(",")) {
                    call.store().tables().stream()
                            .filter(table -> id.startsWith(table.type().keyPrefix()))
                            .forEach(table -> objects.add(table.type().name()));
                }
            }
            case "collectionsRead" -> {
                keys.addAll(Set.of(call.parameter("ids", "").split(",")));
                call.body().json().path("ids").forEach(id -> keys.add(id.asText()));
            }
            case "composite" -> parts(call, call.body().json());
            case "compositeGraph" -> call.body().json().path("graphs").forEach(graph -> parts(call, graph));
            case "compositeBatch" ->
                call.body().json().path("batchRequests").forEach(one -> part(CompositeBatch.inner(call, one)));
            case "bulkCreate" -> objects.add(call.body().json().path("object").asText());
            case "bulkQueryCreate" -> addFrom(call.body().json().path("query").asText());
            default -> job(call);
        }
    }

    private void job(ApiCall call) {
        if (call.rest().size() > 2 && "jobs".equals(call.part(0))) {
            bulk.jobs().all(call.account().name()).stream()
                    .filter(job -> job.spec().id().equals(call.part(2)))
                    .forEach(job -> objects.add(job.spec().object()));
        }
    }

    private void parts(ApiCall call, JsonNode composite) {
        composite.path("compositeRequest").forEach(one -> part(Composite.inner(call, one)));
    }

    private void part(ApiCall part) {
        if (part != null) {
            collect(part);
        }
    }

    private void addFrom(String soql) {
        Matcher from = FROM.matcher(soql);
        while (from.find()) {
            objects.add(from.group(1));
        }
    }

    private void addValues(Table table, JsonNode record) {
        for (Field field : table.type().fields()) {
            if (field.externalId() && record.path(field.name()).isValueNode()) {
                keys.add(field.name() + "/" + record.path(field.name()).asText().toLowerCase(Locale.ROOT));
            }
        }
    }
}

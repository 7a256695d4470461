// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Represents a call of one account, without the version in its path: {@code /crm/v3/objects/deals/5} and {@code
 * /crm/objects/2026-09/deals/5} are both {@code objects}, {@code deals}, {@code 5}.
 *
 * @param path the parts after {@code /crm}, without the version; of webhooks with that word
 */
record ApiCall(Account account, Call call, List<String> path) {

    static final String VERSION = "v[1-4]|20\\d\\d-(03|09)(-beta)?";

    private static final String WEBHOOKS = "webhooks";

    static ApiCall of(Account account, Call call) {
        List<String> path = call.segments();
        if (path.size() > 1 && path.get(0).endsWith(WEBHOOKS) && path.get(1).matches(VERSION)) {
            return new ApiCall(account, call, concat(WEBHOOKS, path.subList(2, path.size())));
        }
        // the version is the second part in the older form and the third in the dated one
        List<String> rest = path.size() > 1 && path.get(1).matches(VERSION)
                ? path.subList(2, path.size())
                : path.size() > 2 && path.get(2).matches(VERSION)
                        ? concat(path.get(1), path.subList(3, path.size()))
                        : List.of();
        return new ApiCall(account, call, rest);
    }

    private static List<String> concat(String first, List<String> rest) {
        return Stream.concat(Stream.of(first), rest.stream()).toList();
    }

    String part(int index) {
        return index < path.size() ? path.get(index) : "";
    }

    /** Answers the call with another method. */
    ApiCall with(String method) {
        return new ApiCall(
                account,
                new Call(method, call.path(), call.query(), call.headers(), call.body(), call.upload(), call.origin()),
                path);
    }

    /** Whether the path has a version that is a date. */
    boolean isDated() {
        return call.segments().stream().anyMatch(part -> part.matches("20\\d\\d-(03|09)(-beta)?"));
    }

    /** Whether the path has a version before 4. */
    boolean isOlder() {
        return call.segments().stream().anyMatch(part -> part.matches("v[1-3]"));
    }

    Store store() {
        return account.store();
    }

    /** Finds the object that the path names by its name or type id. */
    Table table() {
        return table(part(1));
    }

    /** Finds an object by its name, label, type id or fully qualified name. */
    Table table(String name) {
        return account.store()
                .table(name)
                .or(() -> account.store().tables().stream()
                        .filter(t -> t.type().keyPrefix().equals(name)
                                || t.type().label().replace(' ', '_').equalsIgnoreCase(name)
                                || Schemas.fullName(t.type()).equals(name))
                        .findFirst())
                .filter(table -> StandardObjects.isObject(table.type()))
                .orElseThrow(() -> HubspotError.invalid("Unable to infer object type from: " + name)
                        .thrown());
    }

    JsonNode body() {
        try {
            JsonNode body = Answers.JSON.readTree(call.body());
            if (body != null && body.isObject()) {
                return body;
            }
        } catch (IOException e) {
            // answered below
        }
        throw HubspotError.invalid("Invalid input JSON: an object is required.").thrown();
    }

    String parameter(String name) {
        return call.query().get(name);
    }

    /** Answers the properties that a read names, with those that always come; the default ones when it names none. */
    static Set<String> properties(Table table, List<String> named) {
        if (named.isEmpty()) {
            return new TreeSet<>(StandardObjects.shown(table.type()));
        }
        Set<String> names = new TreeSet<>(Set.of(
                "hs_object_id",
                "createdate",
                StandardObjects.CONTACTS.equals(table.type().name()) ? "lastmodifieddate" : "hs_lastmodifieddate"));
        names.addAll(named);
        return names;
    }

    /** Reads a parameter whose names are repeated or separated by commas. */
    List<String> list(String parameter) {
        String named = parameter(parameter);
        return named == null
                ? List.of()
                : Arrays.stream(named.split(","))
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .toList();
    }

    /** Finds the field that an idProperty names; null for the record id. */
    static Field key(Table table, String idProperty) {
        if (idProperty == null || idProperty.isBlank() || "hs_object_id".equals(idProperty)) {
            return null;
        }
        return table.type().field(idProperty).filter(Field::unique).orElseThrow(() -> HubspotError.invalid(
                        "idProperty '" + idProperty + "' is not a unique property of "
                                + table.type().name() + ".")
                .thrown());
    }

    /** Finds the live record of this id, or the one it was merged into; null when there is none. */
    static Row live(Table table, String id) {
        Row row = table.row(id);
        for (int merges = 0; row != null && row.isDeleted() && merges < 100; merges++) {
            String survivor = (String) table.type()
                    .field(StandardObjects.MERGED_INTO)
                    .orElseThrow()
                    .read(row);
            row = survivor == null ? null : table.row(survivor);
        }
        return row;
    }

    /** Finds the live record of this id or key value, or null. */
    Row find(Table table, Field key, String id) {
        return key == null
                ? live(table, id)
                : store().find(table, key, id).stream().findFirst().orElse(null);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import io.sluice.outbox.Parents.Parent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds the syncs that feed the records which another sync names. Pure functions over the CRM's descriptions. */
final class ParentSyncs {

    private ParentSyncs() {}

    /**
     * The fields that name a record by the external id which another sync of the account fills. Records that are named otherwise
     * are not waited for.
     */
    static List<Parent> of(List<Sync> ofAccount, Map<String, ObjectShape> shapes) {
        List<Parent> parents = new ArrayList<>();
        for (Sync sync : ofAccount) {
            for (String path : sync.getFields().values()) {
                List<String> objects = references(shapes.get(sync.getObject()), path);
                ofAccount.stream()
                        .filter(fed -> objects.contains(fed.getObject())
                                && fed.getExternalId().equals(externalId(path)))
                        .findFirst()
                        .ifPresent(
                                fed -> parents.add(new Parent(sync.getName(), path, fed.getObject(), fed.getTable())));
            }
        }
        return parents;
    }

    /** The errors in the external ids by which a sync's fields name other records, as far as those are known. */
    static List<String> check(Sync sync, Map<String, ObjectShape> shapes) {
        List<String> problems = new ArrayList<>();
        sync.getFields().forEach((column, path) -> {
            List<ObjectShape> named = references(shapes.get(sync.getObject()), path).stream()
                    .map(shapes::get)
                    .toList();
            if (named.isEmpty() || named.contains(null)) {
                return;
            }
            List<String> ids = named.stream()
                    .flatMap(shape -> shape.fields().values().stream())
                    .filter(ObjectShape.Field::externalId)
                    .map(ObjectShape.Field::name)
                    .toList();
            if (!ids.contains(externalId(path))) {
                problems.add(sync.location() + ": column '" + column + "' goes to '" + path + "', but '"
                        + externalId(path) + "' is no external id of "
                        + named.get(0).name() + Suggestion.hint(externalId(path), ids));
            }
        });
        return problems;
    }

    private static List<String> references(ObjectShape shape, String path) {
        int dot = path.indexOf('.');
        ObjectShape.Field field =
                dot < 0 || shape == null ? null : shape.fields().get(path.substring(0, dot));
        return field == null ? List.of() : field.references();
    }

    private static String externalId(String path) {
        return path.substring(path.indexOf('.') + 1);
    }
}

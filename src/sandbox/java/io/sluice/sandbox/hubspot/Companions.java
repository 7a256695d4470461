// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds a record that a new record is associated with from the beginning, from the {@code associations} of a create:
 * {@code {"to":{"id":"5"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":279}]}} (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview">Associations</a>). The type
 * determines its object.
 */
record Companions(Links.End end, List<AssociationType> types) {

    static List<Companions> of(ApiCall call, Table table, JsonNode associations) {
        List<Companions> all = new ArrayList<>();
        for (JsonNode association : associations) {
            JsonNode types = association.path("types");
            if (!types.isArray() || types.isEmpty() || !association.path("to").has("id")) {
                throw HubspotError.missing(List.of("to", "types")).thrown();
            }
            Associations.Objects objects = new Associations.Objects(call, table, object(call, table, types.get(0)));
            all.add(new Companions(
                    Associations.Objects.end(objects.to(), Associations.id(association.path("to"))),
                    objects.named(types, true)));
        }
        return all;
    }

    private static Table object(ApiCall call, Table from, JsonNode spec) {
        return call.store().tables().stream()
                .filter(to -> StandardObjects.isObject(to.type()))
                .filter(to -> AssociationTypes.between(call.store(), from, to).stream()
                        .anyMatch(type -> type.is(spec)))
                .findFirst()
                .orElseThrow(() -> HubspotError.invalid("There is no association type "
                                + spec.path("associationCategory").asText() + " "
                                + spec.path("associationTypeId").asText()
                                + " from " + from.type().name() + ".")
                        .thrown());
    }
}

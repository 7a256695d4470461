// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Matches the records that are associated with others: a search names them by the pseudo-property {@code
 * associations.contact} ("Search through associations", <a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm">Search the CRM</a>). Custom objects
 * can't be named.
 */
final class AssociationFilter {

    private static final String PREFIX = "associations.";

    private AssociationFilter() {}

    /** Whether this name of a property means associations. */
    static boolean isMeant(String propertyName) {
        return propertyName.startsWith(PREFIX);
    }

    /** @param ids the records at the other end */
    static Predicate<Row> of(ApiCall call, Table table, String propertyName, String operator, List<String> ids) {
        Table other = call.table(propertyName.substring(PREFIX.length()));
        if (Schemas.isCustom(other.type())) {
            throw HubspotError.invalid("A search can't filter by associations with custom objects: " + propertyName)
                    .thrown();
        }
        Links links = new Links(call.store());
        Set<String> found = ids.stream()
                .map(id -> ApiCall.live(other, id))
                .filter(Objects::nonNull)
                .flatMap(row -> links.of(new Links.End(other, row), table).stream())
                .map(Links.Link::otherId)
                .collect(Collectors.toSet());
        Predicate<Row> isFound = row -> found.contains(row.id());
        Predicate<Row> hasAny =
                row -> !links.of(new Links.End(table, row), other).isEmpty();
        return switch (operator) {
            case "EQ", "IN" -> isFound;
            case "NEQ", "NOT_IN" -> isFound.negate();
            case "HAS_PROPERTY" -> hasAny;
            case "NOT_HAS_PROPERTY" -> hasAny.negate();
            default ->
                throw HubspotError.invalid("The operator " + operator + " does not apply to " + propertyName + ".")
                        .thrown();
        };
    }
}

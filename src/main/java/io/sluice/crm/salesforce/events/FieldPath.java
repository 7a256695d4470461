// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import java.util.List;

/**
 * Names a field of a change event: a field of the record, or a part of a compound field.
 *
 * @param compound name of the compound field, or null
 * @param name     name of the field, or of the part
 */
record FieldPath(String compound, String name) {

    private static final String CUSTOM = "__c";
    /** What the parts of a compound field do not have in their names. */
    private static final List<String> ENDINGS = List.of("Address", "Location");

    static FieldPath of(String name) {
        return new FieldPath(null, name);
    }

    /**
     * Returns the name of the field in the REST API and in syncs, where a part of a compound field is a field of its own
     * ("Compound Fields" in the Object Reference): {@code Name.LastName} is {@code LastName}, {@code MailingAddress.City} is
     * {@code MailingCity}, {@code Address.City} of a lead is {@code City}, {@code LastKnownLocation.Latitude} is
     * {@code LastKnownLatitude}, {@code Site__c.City} is {@code Site__City__s}.
     */
    String apiName() {
        if (compound == null || compound.equals("Name")) {
            return name;
        }
        if (compound.endsWith(CUSTOM)) {
            return compound.substring(0, compound.length() - CUSTOM.length()) + "__" + name + "__s";
        }
        return ENDINGS.stream()
                        .filter(compound::endsWith)
                        .map(ending -> compound.substring(0, compound.length() - ending.length()))
                        .findFirst()
                        .orElse(compound)
                + name;
    }
}

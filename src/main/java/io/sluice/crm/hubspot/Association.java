// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import java.util.List;

/**
 * Links two records.
 *
 * @param from  HubSpot's id of the record whose associations were read
 * @param to    HubSpot's id of the associated record
 * @param types the types of the association, seen from {@code from}
 */
public record Association(String from, String to, List<Type> types) {

    /**
     * @param id       the number of the type
     * @param category {@code HUBSPOT_DEFINED} or {@code USER_DEFINED}
     * @param label    the name that users see; null for the association without a label
     */
    public record Type(int id, String category, String label) {}
}

package io.sluice.crm.hubspot;

import java.util.List;

/**
 * Two records that belong together.
 *
 * @param from  HubSpot's id of the record that was asked for
 * @param to    of the one it belongs to
 * @param types in what ways, as seen from the first
 */
public record Association(String from, String to, List<Type> types) {

    /**
     * @param category {@code HUBSPOT_DEFINED} or {@code USER_DEFINED}
     * @param label    what users see; null for the association without a label
     */
    public record Type(int id, String category, String label) { }
}

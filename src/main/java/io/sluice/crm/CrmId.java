// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/** Compares ids of a CRM that has two forms of each. */
public final class CrmId {

    private CrmId() {}

    /** Shortens an id of 18 characters to the 15 that precede its checksum; other ids stay as they are. */
    public static String withoutChecksum(String id) {
        return id.length() == 18 ? id.substring(0, 15) : id;
    }
}

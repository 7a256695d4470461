// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Describes a list of records that are written in batches, each known by its index: builds requests and reads answers.
 */
interface BatchWrite {

    /** Returns the number of records. */
    int size();

    /** Returns the maximum number of records in a call. */
    int maxPerCall();

    String key(int index);

    /** Returns the outcome of a record that can't be sent at all; empty for all others. */
    default Optional<Outcome> rejection(int index) {
        return Optional.empty();
    }

    /** Returns the kind of a record; records of different kinds share no call. */
    default boolean kind(int index) {
        return true;
    }

    /** Builds the body of a call with these records. */
    String body(List<Integer> part);

    /**
     * Returns the outcome of each record for an answer with status 2xx; null where no error can be assigned to the
     * record.
     */
    List<Outcome> outcomes(List<Integer> part, HubspotAnswer answer);

    /** Tells whether an error that names these ids concerns this record. */
    boolean isNamed(int index, Set<String> ids);
}

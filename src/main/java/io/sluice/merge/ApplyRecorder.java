// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.Sync;

/** Measures what became of the records of a CRM. */
@FunctionalInterface
public interface ApplyRecorder {

    /** Measures nothing. */
    ApplyRecorder NONE = (sync, records, applied) -> {};

    /**
     * Records a result, after the commit.
     *
     * @param records number of records that were to be applied
     */
    void applied(Sync sync, int records, Applied applied);
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Sync;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Fills bulk jobs with the rows of an initial export as they come out of the change log. These rows are not urgent, so they
 * skip the queue: to queue each of them first and then to claim it would be half of the work.
 */
public interface InitialExportJobs {

    /** Fills no job: all rows are queued. */
    InitialExportJobs NONE = new InitialExportJobs() {
        @Override
        public Optional<BulkClaim> plannedJob(Sync sync) {
            return Optional.empty();
        }

        @Override
        public OpenJob open(Connection connection, BulkClaim wanted) {
            throw new IllegalStateException("No job is filled");
        }

        @Override
        public void added(Connection connection, OpenJob job, int records, long bytes, boolean complete) {
            throw new IllegalStateException("No job is filled");
        }
    };

    /**
     * A job that takes rows.
     *
     * @param lease    the lease under which the rows are in flight
     * @param room     the maximum number of records that still fit; 0: the job is full
     * @param reserved a text with another meaning in bulk; records with it are queued instead; null: none
     */
    record OpenJob(UUID lease, String sync, int room, String reserved) {}

    /** The job that an initial export would fill, where it has so many rows that a job is the cheaper way. */
    Optional<BulkClaim> plannedJob(Sync sync) throws SQLException;

    /** The job that a sync fills now, or a new one; no process begins it until the transaction ends. */
    OpenJob open(Connection connection, BulkClaim wanted) throws SQLException;

    /**
     * Records what was added to the job.
     *
     * @param bytes the size of the added records, as JSON
     * @param complete  whether the job is complete and begins now
     */
    void added(Connection connection, OpenJob job, int records, long bytes, boolean complete) throws SQLException;
}

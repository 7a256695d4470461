package io.sluice.outbox;

import io.sluice.Sync;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Jobs that are filled with the rows of a first load as they come out of the change log. Nobody waits for those, so they
 * take no place among what waits: to queue each of them first, and then to claim it, would be half of the work.
 */
public interface InitialExportJobs {

    /** None is filled: all rows wait to be claimed. */
    InitialExportJobs NONE = new InitialExportJobs() {
        @Override
        public Optional<BulkClaim> wanted(Sync sync) {
            return Optional.empty();
        }

        @Override
        public Vessel open(Connection connection, BulkClaim wanted) {
            throw new IllegalStateException("No job is filled");
        }

        @Override
        public void filled(Connection connection, Vessel vessel, int records, long bytes, boolean over) {
            throw new IllegalStateException("No job is filled");
        }
    };

    /**
     * A job that takes rows.
     *
     * @param lease    under which they are in flight
     * @param room     records that it takes at most; 0: it is full
     * @param reserved a text that means something else in bulk, so that records with it wait to be claimed; or null
     */
    record Vessel(UUID lease, String sync, int room, String reserved) {
    }

    /** What a job would take, where so many rows of a first load are there that a job is the way for them. */
    Optional<BulkClaim> wanted(Sync sync) throws SQLException;

    /** The job that is being filled for a sync, or else a new one; nobody takes it up until the transaction ends. */
    Vessel open(Connection connection, BulkClaim wanted) throws SQLException;

    /**
     * Says what went in.
     *
     * @param bytes of it, as JSON
     * @param over  whether nothing more comes, so that the job begins now
     */
    void filled(Connection connection, Vessel vessel, int records, long bytes, boolean over) throws SQLException;
}

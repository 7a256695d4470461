// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Lease of a named source: the offset, and whether the source has more to read. One process holds it at a time. */
final class SourceLease {

    private final StreamOffsets streamOffsets;
    private final String account;
    private final String stream;
    private final Instant began;
    private final Duration leaseTime;
    private final boolean taken;
    private String offset;
    private String next;
    private boolean open;

    private SourceLease(
            StreamOffsets streamOffsets,
            String account,
            String stream,
            Instant began,
            Duration leaseTime,
            Optional<StreamOffsets.StreamOffset> taken) {
        this.streamOffsets = streamOffsets;
        this.account = account;
        this.stream = stream;
        this.began = began;
        this.leaseTime = leaseTime;
        this.taken = taken.isPresent();
        this.open = this.taken;
        this.offset = taken.map(StreamOffsets.StreamOffset::offset).orElse(null);
    }

    /**
     * Takes the lease; it is not open when the source is not due or another process holds the lease.
     *
     * @param leaseTime time without a heartbeat after which another process takes over
     */
    static SourceLease take(StreamOffsets streamOffsets, String account, String name, Instant now, Duration leaseTime)
            throws SQLException {
        String stream = "source:" + name;
        streamOffsets.begin(account, stream);
        return new SourceLease(
                streamOffsets, account, stream, now, leaseTime, streamOffsets.take(account, stream, leaseTime));
    }

    /** Whether the source has more to read. */
    boolean isOpen() {
        return open;
    }

    void close() {
        open = false;
    }

    Instant began() {
        return began;
    }

    /** Returns the committed offset; null at the beginning. */
    String offset() {
        return offset;
    }

    /** Sets the offset to commit once the route has completed what was read. */
    void next(String nextOffset) {
        next = nextOffset;
    }

    /** Commits the next offset: the route has completed what was read. */
    void commitNext() throws SQLException {
        commit(next);
    }

    /**
     * Commits an offset. If another process has committed one meanwhile, this lease is lost and closes.
     *
     * @param newOffset offset from which the source continues; null: the beginning
     */
    void commit(String newOffset) throws SQLException {
        if (streamOffsets.commit(account, stream, offset, newOffset, leaseTime)) {
            offset = newOffset;
        } else {
            open = false;
        }
    }

    /** Extends the lease. */
    void heartbeat() throws SQLException {
        commit(offset);
    }

    /** Releases the lease, unless it is lost. @param delay time until the source is due again */
    void release(Duration delay) throws SQLException {
        if (taken) {
            streamOffsets.release(account, stream, offset, delay);
        }
    }

    @Override
    public String toString() {
        return stream + " of account " + account;
    }
}

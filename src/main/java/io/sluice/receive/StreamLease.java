// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Lease of a stream: its offset, and whether it has more to read. One process holds the lease at a time. */
final class StreamLease {

    /** Heartbeats of a held lease within its time. */
    private static final int HEARTBEATS = 3;

    private final StreamOffsets streamOffsets;
    private final String account;
    private final String stream;
    private final int epoch;
    private final Duration leaseTime;
    private StreamOffset offset;
    private StreamOffset next;
    private boolean open = true;
    private boolean lost;
    private long committedAt = System.nanoTime();
    private Duration delay;

    private StreamLease(
            StreamOffsets streamOffsets,
            String account,
            String stream,
            Duration leaseTime,
            Duration delay,
            StreamOffsets.Taken taken) {
        this.streamOffsets = streamOffsets;
        this.account = account;
        this.stream = stream;
        this.leaseTime = leaseTime;
        this.delay = delay;
        this.epoch = taken.epoch();
        this.offset = taken.offset();
    }

    /** Takes the lease of a source Kamelet in a user's own route, like {@link #take}. */
    static Optional<StreamLease> ofSource(
            StreamOffsets streamOffsets, String account, String name, Duration leaseTime, Duration delay)
            throws SQLException {
        String stream = streamOfSource(name);
        streamOffsets.begin(account, stream);
        return take(streamOffsets, account, stream, leaseTime, delay);
    }

    /** Names the stream of a source Kamelet. */
    static String streamOfSource(String name) {
        return "source:" + name;
    }

    /**
     * Takes the lease; empty when the stream is not due or another process holds the lease.
     *
     * @param leaseTime time without a heartbeat after which another process takes over
     * @param delay     time from the release until the stream is due again, unless the lease is closed with another
     */
    static Optional<StreamLease> take(
            StreamOffsets streamOffsets, String account, String stream, Duration leaseTime, Duration delay)
            throws SQLException {
        return streamOffsets
                .take(account, stream, leaseTime)
                .map(taken -> new StreamLease(streamOffsets, account, stream, leaseTime, delay, taken));
    }

    String account() {
        return account;
    }

    String stream() {
        return stream;
    }

    /** Whether the stream has more to read. */
    boolean isOpen() {
        return open;
    }

    /** @param nextDelay time from the release until the stream is due again */
    void close(Duration nextDelay) {
        open = false;
        delay = nextDelay;
    }

    /** Returns the committed offset. */
    StreamOffset offset() {
        return offset;
    }

    /** Sets the offset to commit once the route has completed what was read. */
    void next(StreamOffset nextOffset) {
        next = nextOffset;
    }

    /** Commits the next offset: the route has completed what was read. */
    void commitNext() throws SQLException {
        commit(next);
    }

    /** Commits an offset. If another process has taken the stream meanwhile, this lease is lost and closes. */
    void commit(StreamOffset newOffset) throws SQLException {
        committed(newOffset, streamOffsets.commit(account, stream, epoch, newOffset, leaseTime));
    }

    /** Commits an offset in the caller's transaction, after which the caller says whether it was {@link #committed}. */
    boolean commit(Connection connection, StreamOffset newOffset) throws SQLException {
        return StreamOffsets.commit(connection, account, stream, epoch, newOffset, leaseTime);
    }

    /** Notes whether the offset was committed; if it was not, this lease is lost and closes. */
    void committed(StreamOffset newOffset, boolean done) {
        if (done) {
            offset = newOffset;
            committedAt = System.nanoTime();
        } else {
            open = false;
            lost = true;
        }
    }

    /**
     * Opens a lease that was held since an earlier poll, and extends it once a third of its time has passed.
     *
     * @return false if another process has taken the stream meanwhile
     */
    boolean reopen() throws SQLException {
        open = true;
        if ((System.nanoTime() - committedAt) * HEARTBEATS > leaseTime.toNanos()) {
            heartbeat();
        }
        return open;
    }

    /** Whether another process has taken the stream. */
    boolean isLost() {
        return lost;
    }

    /** Notes in the caller's transaction that the events of the stream arrive, unless this lease is lost. */
    void flows(Connection connection) throws SQLException {
        StreamOffsets.flows(connection, account, stream, epoch);
    }

    /** Notes that the events of the stream do not arrive. @return whether they did until now */
    boolean stopsFlowing() throws SQLException {
        return streamOffsets.stopsFlowing(account, stream, epoch);
    }

    /** Extends the lease. */
    void heartbeat() throws SQLException {
        commit(offset);
    }

    /** Releases the lease, unless it is lost. */
    void release() throws SQLException {
        streamOffsets.release(account, stream, epoch, delay);
    }

    @Override
    public String toString() {
        return stream + " of account " + account;
    }
}

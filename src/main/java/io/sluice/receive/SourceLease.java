package io.sluice.receive;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** A turn of a source that reads on and on, under a name: where it is, and whether it goes on. One process has it at a time. */
final class SourceLease {

    private final StreamOffsets streamOffsets;
    private final String account;
    private final String stream;
    private final Instant began;
    private final Duration holding;
    private final boolean taken;
    private String place;
    private String next;
    private boolean open;

    private SourceLease(StreamOffsets streamOffsets, String account, String stream, Instant began, Duration holding,
            Optional<StreamOffsets.Taken> taken) {
        this.streamOffsets = streamOffsets;
        this.account = account;
        this.stream = stream;
        this.began = began;
        this.holding = holding;
        this.taken = taken.isPresent();
        this.open = this.taken;
        this.place = taken.map(StreamOffsets.Taken::offset).orElse(null);
    }

    /**
     * Takes the turn; one that is not due, or that another process has, is not open.
     *
     * @param holding after which a process that says nothing more of it is taken for dead
     */
    static SourceLease take(StreamOffsets streamOffsets, String account, String name, Instant now, Duration holding) throws SQLException {
        String stream = "source:" + name;
        streamOffsets.begin(account, stream);
        return new SourceLease(streamOffsets, account, stream, now, holding, streamOffsets.take(account, stream, holding));
    }

    /** Whether there is more to be read. */
    boolean isOpen() {
        return open;
    }

    void close() {
        open = false;
    }

    Instant began() {
        return began;
    }

    /** Where the reading is; null at its beginning. */
    String place() {
        return place;
    }

    /** Where it goes on once the route is done with what was read. */
    void next(String there) {
        next = there;
    }

    /** The route is done with it. */
    void reached() throws SQLException {
        move(next);
    }

    /** @param there null: at the beginning. Where another process has moved it meanwhile, this turn is over. */
    void move(String there) throws SQLException {
        if (streamOffsets.move(account, stream, place, there, holding)) {
            place = there;
        } else {
            open = false;
        }
    }

    /** Says that it goes on. */
    void hold() throws SQLException {
        move(place);
    }

    /** Gives it back, unless it is another's. @param pause until the next turn */
    void end(Duration pause) throws SQLException {
        if (taken) {
            streamOffsets.end(account, stream, place, pause);
        }
    }

    @Override
    public String toString() {
        return stream + " of account " + account;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.util.OptionalLong;

/** Speaks a vendor's wire protocol. */
public interface Protocol extends AutoCloseable {

    /** Whether the path belongs to this vendor. */
    boolean serves(Call call);

    /**
     * Answers the maximum bytes of a body that goes to a file and not to memory; empty for other bodies. The call has
     * no body yet.
     */
    default OptionalLong uploaded(Call head) {
        return OptionalLong.empty();
    }

    /** Determines account, operation and work of a call from its path and headers alone; runs on the event loop. */
    Request open(Call call);

    /** Answers a request when this limit is used up. */
    Answer refusal(Request request, String limit);

    /** Answers a request when the vendor is down, shaped by the fault's settings. */
    Answer unavailable(Fault fault);

    /**
     * Answers an error with the {@code status}, {@code errorCode}, {@code message} and so on of the fault's settings.
     */
    Answer error(Request request, Fault fault);

    /** Changes the per-record results of an answer as the fault says; other answers stay. */
    Answer results(Request request, Answer answer, Fault fault);

    /** Adds the headers of every answer, such as the use of the limits. */
    Answer complete(Request request, Answer answer);

    /** Ends background work. */
    @Override
    default void close() {}
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.util.OptionalLong;

/** A vendor's wire protocol. */
public interface Protocol extends AutoCloseable {

    /** Whether the path is one of this vendor's. */
    boolean serves(Call call);

    /**
     * The most bytes to keep of a body that goes to a file and not to the memory; empty for a body of the usual kind.
     * The call has no body yet.
     */
    default OptionalLong uploaded(Call head) {
        return OptionalLong.empty();
    }

    /** Tells whose the call is and what it asks, from path and headers alone: it runs on the event loop. */
    Request open(Call call);

    /** The vendor's answer when this limit is used up. */
    Answer refusal(Request request, String limit);

    /** The vendor's answer when it is down, shaped by the fault's settings. */
    Answer unavailable(Fault fault);

    /** The vendor's answer with the {@code status}, {@code errorCode}, {@code message} and so on of the fault's settings. */
    Answer error(Request request, Fault fault);

    /** The answer with its per-record results changed as the fault says; as it is where it has none. */
    Answer results(Request request, Answer answer, Fault fault);

    /** Adds what stands on every answer, such as the use of the limits. */
    Answer complete(Request request, Answer answer);

    /** Ends what goes on behind the requests. */
    @Override
    default void close() {}
}

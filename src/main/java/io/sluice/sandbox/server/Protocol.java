package io.sluice.sandbox.server;

/** A vendor's wire protocol. */
public interface Protocol {

    /** Whether the path is one of this vendor's. */
    boolean serves(Call call);

    /** Tells whose the call is and what it asks, from path and headers alone: it runs on the event loop. */
    Request open(Call call);

    /** The vendor's answer when this limit is used up. */
    Answer refusal(Request request, String limit);

    /** The vendor's answer when it is down, shaped by the fault's settings. */
    Answer unavailable(Fault fault);

    /** Adds what stands on every answer, such as the use of the limits. */
    Answer complete(Request request, Answer answer);
}

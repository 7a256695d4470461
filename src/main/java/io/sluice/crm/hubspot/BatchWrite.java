package io.sluice.crm.hubspot;

import io.sluice.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Records that one kind of batch writes, known by their places in the list: what is sent, and what an answer says. */
interface BatchWrite {

    /** How many records there are. */
    int size();

    /** How many a call takes. */
    int most();

    String key(int place);

    /** Why a record can't be sent at all; empty where it can. */
    default Optional<Outcome> unfit(int place) {
        return Optional.empty();
    }

    /** Records of different kinds share no call. */
    default boolean kind(int place) {
        return true;
    }

    /** The body of a call with these records. */
    String body(List<Integer> part);

    /** What an answer with status 2xx says of each record; null where it can't be told which error is whose. */
    List<Outcome> outcomes(List<Integer> part, HubspotAnswer answer);

    /** Whether an error that names these ids means this record. */
    boolean isNamed(int place, Set<String> ids);
}

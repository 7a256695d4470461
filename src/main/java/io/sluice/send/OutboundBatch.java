// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.CrmCall;
import io.sluice.outbox.Claim;
import io.sluice.plan.SendMethod;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Holds the records of one call to the CRM: of one sync, or of several that feed different objects, parents before children.
 *
 * @param way  the kind of call
 * @param call the call that sends them
 */
public record OutboundBatch(SendMethod.Way way, CrmCall.Write call, List<Claim> claims) {

    public OutboundBatch {
        claims = List.copyOf(claims);
    }

    /** The number of records. */
    public int size() {
        return claims.stream().mapToInt(Claim::size).sum();
    }

    /** The body of the call: the changes, with their object where the call may carry several. */
    public List<?> getRecords() {
        return way != SendMethod.Way.COMPOSITE
                ? claims.get(0).changes()
                : claims.stream()
                        .flatMap(claim ->
                                claim.changes().stream().map(recordChange -> named(claim.object(), recordChange)))
                        .toList();
    }

    private static Map<String, Object> named(String object, RecordChange recordChange) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("object", object);
        record.put("key", recordChange.key());
        if (recordChange.crmId() != null) {
            record.put("crmId", recordChange.crmId());
        }
        record.put("fields", recordChange.fields());
        return record;
    }

    /**
     * Divides the outcomes of all records, in their order, among the claims. A child that was rejected because its parent was
     * not written before it in the same call is retried, because its own record has no fault. A field that names a record has
     * its relationship before a dot.
     */
    List<List<Outcome>> outcomes(List<Outcome> all) {
        List<List<Outcome>> parts = new ArrayList<>();
        Set<String> unwritten = new HashSet<>();
        int from = 0;
        for (Claim claim : claims) {
            List<Outcome> part = new ArrayList<>(all.subList(from, from + claim.size()));
            for (int i = 0; i < claim.size(); i++) {
                Outcome outcome = part.get(i);
                if (outcome.status() == Outcome.Status.REJECTED
                        && names(claim.changes().get(i), unwritten)) {
                    part.set(i, Outcome.retry(outcome.key(), outcome.code(), outcome.message()));
                }
            }
            part.stream()
                    .filter(it -> it.status() != Outcome.Status.DONE)
                    .map(Outcome::key)
                    .forEach(unwritten::add);
            parts.add(part);
            from += claim.size();
        }
        return parts;
    }

    private static boolean names(RecordChange child, Set<String> unwritten) {
        return child.fields().entrySet().stream()
                .anyMatch(field ->
                        field.getKey().contains(".") && unwritten.contains(Objects.toString(field.getValue(), null)));
    }

    /** Describes the batch without its records: Camel prints the operands of a predicate, and a log holds no field values. */
    @Override
    public String toString() {
        return size() + " records by " + way + " to " + call.account();
    }
}

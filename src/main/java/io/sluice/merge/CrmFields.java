// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.FieldRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rules of the fields of a sync's object in its CRM.
 *
 * @param rules     CRM field to its rule
 * @param skew      maximum difference between the CRM's clock and ours
 * @param precision precision of the CRM's times
 */
record CrmFields(Map<String, FieldRule> rules, Duration skew, TimePrecision precision) {

    /** @param accounts accounts with the rules of their fields, or null when nothing is known about them */
    static CrmFields of(Sync sync, Accounts accounts, Duration skew) {
        if (accounts == null || accounts.get(sync.getAccount()) == null) {
            return new CrmFields(Map.of(), skew, TimePrecision.SECONDS);
        }
        Map<String, FieldRule> rules = new HashMap<>();
        sync.getFields()
                .values()
                .forEach(field -> rules.put(field, accounts.rule(sync.getAccount(), sync.getObject(), field)));
        return new CrmFields(
                rules,
                skew,
                new TimePrecision(accounts.get(sync.getAccount()).crm().timePrecision()));
    }

    FieldRule rule(String field) {
        return rules.getOrDefault(field, FieldRule.UNKNOWN);
    }

    /** Whether the CRM may turn one value into the other. */
    boolean isLike(String field, Object one, Object other) {
        return Normalisation.match(rule(field), one, other) != Normalisation.Match.NONE;
    }

    /**
     * Whether a value that differs from the base is an echo: the form that the CRM gave to a write of ours, either to the base
     * or to an unproven value. A value that may also be an edit counts as an edit if the record changed after our last write.
     *
     * @param withUnproven whether unproven values count
     */
    boolean isEcho(CrmRecord record, String name, RecordState ours, boolean withUnproven) {
        Object crm = record.fields().get(name);
        if (ours.base == null || ours.base.containsKey(name) && Values.same(ours.base.get(name), crm)) {
            return false;
        }
        List<Object> written = new ArrayList<>();
        if (ours.base.containsKey(name)) {
            written.add(ours.base.get(name));
        }
        if (withUnproven) {
            written.addAll(ours.unproven.getOrDefault(name, List.of()));
        }
        return written.stream().anyMatch(value -> switch (Normalisation.match(rule(name), value, crm)) {
            case NONE -> false;
            case CERTAIN -> true;
            case POSSIBLE -> ours.settledAt != null && !record.at(name).isAfter(ours.settledAt.plus(skew));
        });
    }

    /**
     * Whether the value is neither the base nor one that Sluice wrote or the CRM's form of one. Without a base an empty field is
     * no edit.
     */
    boolean isEdit(CrmRecord record, String name, RecordState ours) {
        Object crm = Values.storable(record.fields().get(name));
        return !Values.same(ours.base == null ? null : ours.base.get(name), crm)
                && !ours.mayHaveWritten(name, crm)
                && !isEcho(record, name, ours, true);
    }

    /**
     * Whether the value is older than our last write, as an index that lags may return it: the value is the one before the
     * write, or one before that was written without a proven answer, and the record's time is earlier than our change.
     */
    boolean isOlder(CrmRecord record, String name, RecordState ours) {
        Instant changed = ours.knownSince(name);
        return changed != null
                && precision.isEarlier(record.at(name), changed)
                && !ChangedPage.holds(ours.base, name, record.fields().get(name))
                && isBefore(ours.held(name), record.fields().get(name));
    }

    private static boolean isBefore(List<RecordState.Prior> held, Object value) {
        for (RecordState.Prior earlier : held) {
            if (earlier.isKnown() && Values.same(earlier.value(), value)) {
                return true;
            }
            if (!earlier.unproven()) {
                return false;
            }
        }
        return false;
    }
}

package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.FieldRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known of the fields in a sync's CRM.
 *
 * @param skew      by which the CRM's clock and ours may differ
 * @param precision in which the CRM keeps the times of its changes
 */
record CrmFields(Map<String, FieldRule> rules, Duration skew, TimePrecision precision) {

    /** @param accounts null where nothing is known of them */
    static CrmFields of(Sync sync, Accounts accounts, Duration skew) {
        if (accounts == null || accounts.get(sync.getAccount()) == null) {
            return new CrmFields(Map.of(), skew, TimePrecision.SECONDS);
        }
        Map<String, FieldRule> rules = new HashMap<>();
        sync.getFields().values().forEach(field ->
                rules.put(field, accounts.rule(sync.getAccount(), sync.getObject(), field)));
        return new CrmFields(rules, skew, new TimePrecision(accounts.get(sync.getAccount()).crm().timePrecision()));
    }

    FieldRule rule(String field) {
        return rules.getOrDefault(field, FieldRule.UNKNOWN);
    }

    /** Whether one may be what the CRM makes of the other. */
    boolean isLike(String field, Object one, Object other) {
        return Normalisation.match(rule(field), one, other) != Normalisation.Match.NONE;
    }

    /**
     * Whether a value that is not the base is what the CRM made of a write of ours: of the base, or of what a call without
     * an answer may have written and was not settled since. What may be an edit too is taken for one if the record was
     * changed after our last write.
     *
     * @param doubted whether what such a call may have written counts
     */
    boolean isEcho(CrmRecord record, String name, RecordState ours, boolean doubted) {
        Object crm = record.fields().get(name);
        if (ours.base == null || ours.base.containsKey(name) && Values.same(ours.base.get(name), crm)) {
            return false;
        }
        List<Object> written = new ArrayList<>();
        if (ours.base.containsKey(name)) {
            written.add(ours.base.get(name));
        }
        if (doubted) {
            written.addAll(ours.unproven.getOrDefault(name, List.of()));
        }
        return written.stream().anyMatch(value -> switch (Normalisation.match(rule(name), value, crm)) {
            case NONE -> false;
            case CERTAIN -> true;
            case POSSIBLE -> ours.settledAt != null && !record.at(name).isAfter(ours.settledAt.plus(skew));
        });
    }
}

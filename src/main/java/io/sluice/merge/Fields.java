package io.sluice.merge;

import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.FieldRule;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What is known of the fields in a sync's CRM.
 *
 * @param skew      by which the CRM's clock and ours may differ
 * @param precision in which the CRM keeps the times of its changes
 */
record Fields(Map<String, FieldRule> rules, Duration skew, TimePrecision precision) {

    /** @param accounts null where nothing is known of them */
    static Fields of(Sync sync, Accounts accounts, Duration skew) {
        if (accounts == null || accounts.get(sync.getAccount()) == null) {
            return new Fields(Map.of(), skew, TimePrecision.SECONDS);
        }
        Map<String, FieldRule> rules = new HashMap<>();
        sync.getFields().values().forEach(field ->
                rules.put(field, accounts.rule(sync.getAccount(), sync.getObject(), field)));
        return new Fields(rules, skew, new TimePrecision(accounts.get(sync.getAccount()).crm().timePrecision()));
    }

    FieldRule rule(String field) {
        return rules.getOrDefault(field, FieldRule.UNKNOWN);
    }
}

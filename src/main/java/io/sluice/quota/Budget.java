package io.sluice.quota;

import io.sluice.Priority;
import java.util.HashMap;
import java.util.Map;

/**
 * What work of one priority may still spend of the long windows.
 *
 * @param calls  of the account, or of all members of the pool together; very many where nothing limits them
 * @param scarce whether so much is spent that low work stops: the rest is to be saved
 */
public record Budget(long calls, boolean scarce) {

    /** @param counts of the pool's own long limits, which all its members share, and of those of its members */
    static Budget of(Pool pool, Map<ScopedLimit, WindowUsage> counts, Priority priority) {
        Map<String, Long> spare = new HashMap<>();
        boolean scarce = false;
        for (Map.Entry<ScopedLimit, WindowUsage> counted : counts.entrySet()) {
            Limit limit = counted.getKey().limit().corrected(counted.getValue().reportedMax());
            spare.merge(counted.getKey().owner(), WindowRule.spare(limit, counted.getValue(), priority), Math::min);
            scarce |= WindowRule.percent(limit, counted.getValue()) >= WindowRule.mark(Priority.LOW);
        }
        long shared = spare.getOrDefault(pool.name(), Long.MAX_VALUE);
        long members = pool.members().stream().filter(member -> !member.readsOnly())
                .mapToLong(member -> spare.getOrDefault(member.name(), Long.MAX_VALUE))
                .reduce(0, (sum, one) -> sum > Long.MAX_VALUE - one ? Long.MAX_VALUE : sum + one);
        return new Budget(Math.min(shared, members), scarce);
    }
}

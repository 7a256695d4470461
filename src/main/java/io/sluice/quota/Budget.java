// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import java.util.HashMap;
import java.util.Map;

/**
 * The calls that work of one priority may still make in the long windows.
 *
 * @param calls  the number of calls of the account, or of all members of the pool together; very many without a limit
 * @param scarce whether so much is used that low work stops: calls should be saved
 */
public record Budget(long calls, boolean scarce) {

    /** @param counts the usage of the pool's own long limits, which all members share, and of its members' limits */
    static Budget of(Pool pool, Map<ScopedLimit, WindowUsage> counts, Priority priority) {
        Map<String, Long> spare = new HashMap<>();
        boolean scarce = false;
        for (Map.Entry<ScopedLimit, WindowUsage> counted : counts.entrySet()) {
            Limit limit = counted.getKey().limit().corrected(counted.getValue().reportedMax());
            spare.merge(counted.getKey().owner(), WindowRule.spare(limit, counted.getValue(), priority), Math::min);
            scarce |= WindowRule.percent(limit, counted.getValue()) >= WindowRule.mark(Priority.LOW);
        }
        long shared = spare.getOrDefault(pool.name(), Long.MAX_VALUE);
        long members = pool.members().stream()
                .filter(member -> !member.readsOnly())
                .mapToLong(member -> spare.getOrDefault(member.name(), Long.MAX_VALUE))
                .reduce(0, (sum, one) -> sum > Long.MAX_VALUE - one ? Long.MAX_VALUE : sum + one);
        return new Budget(Math.min(shared, members), scarce);
    }
}

package io.sluice.quota;

import io.sluice.Priority;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What work of one priority may still spend of the long windows.
 *
 * @param calls  of the account, or of all members of the pool together; very many where nothing limits them
 * @param scarce whether so much is spent that low work stops: the rest is to be saved
 */
public record Budget(long calls, boolean scarce) {

    /** @param pool with limits of its own, which all its members share, and members who may have others */
    static Budget of(Pool pool, List<Usage> usages, Priority priority) {
        Map<String, Long> left = new HashMap<>();
        boolean scarce = false;
        for (Usage usage : usages) {
            if (usage.isLong()) {
                left.merge(usage.owner(), Math.max(0, usage.max() * Rule.mark(priority) / 100 - usage.used()), Math::min);
                scarce |= usage.percent() >= Rule.mark(Priority.LOW);
            }
        }
        long shared = left.getOrDefault(pool.name(), Long.MAX_VALUE);
        long members = pool.members().stream().filter(member -> !member.readsOnly())
                .mapToLong(member -> left.getOrDefault(member.name(), Long.MAX_VALUE))
                .reduce(0, (sum, one) -> sum > Long.MAX_VALUE - one ? Long.MAX_VALUE : sum + one);
        return new Budget(Math.min(shared, members), scarce);
    }
}

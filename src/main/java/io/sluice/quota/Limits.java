// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The current limits of all accounts. They may change at any time, all at once. */
public final class Limits {

    private volatile Map<String, Pool> pools;

    public Limits(Collection<Pool> pools) {
        replace(pools);
    }

    /** Makes the limits of accounts that are in no pool. */
    public static Limits of(Map<String, List<Limit>> accounts) {
        return new Limits(accounts.entrySet().stream()
                .map(it -> Pool.of(it.getKey(), it.getValue()))
                .toList());
    }

    /** Replaces the limits from the next call on. A call that was granted before counts against the new limits too. */
    public void replace(Collection<Pool> changed) {
        Map<String, Pool> byName = new LinkedHashMap<>();
        changed.forEach(pool -> byName.put(pool.name(), pool));
        pools = byName;
    }

    public Collection<Pool> all() {
        return pools.values();
    }

    /** @throws IllegalArgumentException with the names of all accounts */
    Pool pool(String account) {
        Pool found = pools.get(account);
        if (found == null) {
            throw new IllegalArgumentException("There is no account '" + account + "'; the accounts are "
                    + String.join(", ", pools.keySet()) + ". Accounts are named in application.properties as"
                    + " sluice.account.NAME.crm.");
        }
        return found;
    }
}

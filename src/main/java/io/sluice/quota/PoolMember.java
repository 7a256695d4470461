// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.util.List;

/**
 * One login of a {@link Pool}.
 *
 * @param limits    its own limits; those that all members share belong to the pool
 * @param readsOnly whether it is kept for reports and comparisons and never writes
 */
public record PoolMember(String name, List<Limit> limits, boolean readsOnly) {

    public PoolMember {
        limits = List.copyOf(limits);
    }
}

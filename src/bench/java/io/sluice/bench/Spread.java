// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Summarises many times in milliseconds: the median, the 99th percentile, and the maximum. */
record Spread(double median, double p99, double most) {

    static Spread of(Collection<Double> millis) {
        if (millis.isEmpty()) {
            return new Spread(Double.NaN, Double.NaN, Double.NaN);
        }
        double[] sorted =
                millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new Spread(at(sorted, 50), at(sorted, 99), sorted[sorted.length - 1]);
    }

    /** The smallest of them that so many percent do not exceed. */
    private static double at(double[] sorted, int percent) {
        return sorted[Math.max(0, -Math.floorDiv(-sorted.length * percent, 100) - 1)];
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("p50Ms", median);
        json.put("p99Ms", p99);
        json.put("maxMs", most);
        return json;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import java.time.Instant;
import java.util.List;

/**
 * The calls of one kind that were granted within one hour.
 *
 * @param hour        start of the hour
 * @param login       login that made the calls
 * @param object      object of their records, several separated by commas; empty where it is not known or there is none
 * @param largest     bytes of the largest call, request and answer together
 * @param largestCall id of that call in the ledger
 */
record HourlyUsage(
        Instant hour,
        String login,
        String operation,
        String object,
        Priority priority,
        UsageFigures figures,
        long largest,
        long largestCall) {

    List<String> objects() {
        return object.isEmpty() ? List.of() : List.of(object.split(","));
    }
}

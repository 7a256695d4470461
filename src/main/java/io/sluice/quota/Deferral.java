// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Instant;

/**
 * The reason why a call is deferred.
 *
 * @param limit name of the limit that defers the call
 * @param until time from which a new request is worthwhile
 */
public record Deferral(String limit, Instant until) {}

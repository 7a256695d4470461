package io.sluice.quota;

import java.time.Instant;

/**
 * Why a call may not go now.
 *
 * @param limit  that stops it
 * @param until  when it is worth asking again
 */
public record Deferral(String limit, Instant until) {
}

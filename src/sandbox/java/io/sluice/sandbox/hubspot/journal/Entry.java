// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.journal;

import java.util.UUID;

/**
 * Holds a file of the journal.
 *
 * @param place       the next file's is greater
 * @param publishedAt milliseconds since 1970
 * @param file        what its address answers, JSON
 */
public record Entry(long place, UUID offset, long publishedAt, byte[] file) {}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.archunit.other;

import io.sluice.archunit.one.One;

/** Half of a cycle, for the test that a cycle is found. */
public record Other(One one) {}

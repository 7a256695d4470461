// SPDX-License-Identifier: Apache-2.0
package io.sluice.archunit.one;

import io.sluice.archunit.other.Other;

/** Half of a cycle, for the test that a cycle is found. */
public record One(Other other) {}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import java.time.Instant;

/**
 * An observation that a process makes outside the database.
 *
 * @param subject account or sync, depending on the kind
 * @param since   time at which the process first observed it
 */
record Finding(AlertKind kind, String subject, String detail, Instant since) {}

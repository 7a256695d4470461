// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.time.Instant;

/**
 * One record that was deleted in a CRM.
 *
 * @param crmId the CRM's own id
 * @param at    time of the delete, by the CRM's clock; null when the CRM says only that the record does not exist
 */
public record DeletedRecord(String crmId, Instant at) {}

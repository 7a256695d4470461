package io.sluice;

import java.time.Instant;

/**
 * A record that a CRM deleted.
 *
 * @param crmId the CRM's own id
 * @param at    when, by the CRM's clock; null where the CRM says that it is not there, but not since when
 */
public record DeletedRecord(String crmId, Instant at) {
}

package io.sluice;

import java.time.Instant;

/**
 * A record that a CRM deleted.
 *
 * @param crmId the CRM's own id
 * @param at    when, by the CRM's clock
 */
public record Gone(String crmId, Instant at) {
}

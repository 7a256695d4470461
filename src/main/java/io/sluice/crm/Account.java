package io.sluice.crm;

import io.sluice.quota.Limit;
import java.util.List;

/**
 * One login to one CRM, with the limits its user set.
 *
 * @param paused by its setting: no call is made
 */
public record Account(String name, Crm crm, List<Limit> limits, boolean paused) {
}

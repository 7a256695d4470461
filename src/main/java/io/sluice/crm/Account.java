package io.sluice.crm;

import io.sluice.quota.Pool;

/**
 * One organisation of one CRM, with the logins that make its calls and the limits its user set.
 *
 * @param paused by its setting: no call is made
 */
public record Account(String name, Crm crm, Pool pool, boolean paused) {
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.quota.Pool;

/**
 * Describes one organisation of one CRM, with the logins that make its calls and the limits that its user set.
 *
 * @param paused whether a setting pauses the account, so that no call is made
 */
public record Account(String name, Crm crm, Pool pool, boolean paused) {}

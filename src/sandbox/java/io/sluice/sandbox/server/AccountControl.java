// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;

/** Serves a control of one CRM's accounts, at {@code /sandbox/NAME/{account}}. */
public interface AccountControl {

    /**
     * Does what the request asks and answers the state afterwards.
     *
     * @param method GET, PUT or DELETE
     * @throws IllegalArgumentException with the reason when it can't
     */
    JsonNode answer(Account account, String method, JsonNode body);
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.crm.LoginRejected;
import io.sluice.crm.salesforce.events.EventLogin;
import org.apache.camel.CamelContext;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.internal.SalesforceSession;

/** Logs an account in for its events, with the session of its calls. */
record SalesforceEventLogin(CamelContext context, String account, SalesforceSessions sessions) implements EventLogin {

    @Override
    public Session signIn() throws LoginRejected {
        SalesforceSession session = session();
        String token = sessions.signIn(account, session);
        return new Session(token, session.getInstanceUrl(), session.getOrgId());
    }

    @Override
    public void accepted(String token) {
        sessions.tokenAccepted(account, token);
    }

    @Override
    public void rejected(String token) {
        sessions.tokenRejected(account, session(), token);
    }

    private SalesforceSession session() {
        return context.getComponent(account, SalesforceComponent.class).getSession();
    }
}

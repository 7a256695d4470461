// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import com.sforce.soap.partner.Connector;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectionException;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;

/** Makes the vendor's own client of the SOAP API, and records for it. */
final class SoapClient {

    static final String PATH = "/services/Soap/u/65.0";
    static final String USER = "sluice@example.org";
    static final String PASSWORD = "sluice";

    private SoapClient() {}

    static PartnerConnection logIn(SalesforceClient crm) throws ConnectionException {
        return logIn(crm, USER, PASSWORD);
    }

    static PartnerConnection logIn(SalesforceClient crm, String username, String password) throws ConnectionException {
        ConnectorConfig config = new ConnectorConfig();
        config.setAuthEndpoint(crm.base() + PATH);
        config.setUsername(username);
        config.setPassword(password);
        return Connector.newConnection(config);
    }

    /** Writes a record from alternating names and values. */
    static SObject record(String type, Object... fields) {
        SObject record = new SObject(type);
        for (int i = 0; i < fields.length; i += 2) {
            record.setField((String) fields[i], fields[i + 1]);
        }
        return record;
    }

    /** Contacts with the external ids C-0, C-1 and so on. */
    static SObject[] contacts(int count) {
        SObject[] contacts = new SObject[count];
        Arrays.setAll(contacts, i -> record("Contact", "Customer_No__c", "C-" + i, "LastName", "Name" + i));
        return contacts;
    }
}

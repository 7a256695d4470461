// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.salesforce.soap.Envelope;
import io.sluice.sandbox.salesforce.soap.EnvelopeWriter;
import io.sluice.sandbox.salesforce.soap.MalformedEnvelopeException;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;

/**
 * Represents a call of the SOAP API by a client that is logged in.
 *
 * @param version as in the address, such as 65.0
 */
record SoapCall(Account account, Envelope envelope, String version, String origin) {

    private static final int MOST_RECORDS = 200;

    Store store() {
        return account.store();
    }

    /** Answers the element of the operation. Throws RefusedException when it is no XML. */
    Element body() {
        try {
            return envelope.body();
        } catch (MalformedEnvelopeException e) {
            throw new RefusedException("XML_PARSER_ERROR", e.getMessage());
        }
    }

    /** Answers the argument of this name; MISSING_ARGUMENT when there is none. */
    String argument(String name) {
        return body().value(name)
                .orElseThrow(() -> new RefusedException(
                        "MISSING_ARGUMENT", "The argument " + name + " is required by " + envelope.operation()));
    }

    /** Answers the records to write; EXCEEDED_ID_LIMIT when they are more than 200. */
    List<JsonNode> records() {
        return most(body().children("sObjects")).stream().map(SoapRecords::read).toList();
    }

    /** Answers the ids of the operation; their maximum is that of records. */
    List<String> ids() {
        return most(body().children("ids")).stream()
                .map(id -> id.text().strip())
                .toList();
    }

    List<Element> most(List<Element> given) {
        if (given.size() > MOST_RECORDS) {
            throw new RefusedException(
                    "EXCEEDED_ID_LIMIT",
                    "record limit reached. cannot submit more than " + MOST_RECORDS + " records into this call");
        }
        return given;
    }

    boolean allOrNone() {
        return envelope.header("AllOrNoneHeader", "allOrNone")
                .map(Boolean::parseBoolean)
                .orElse(false);
    }

    /** Finds the object of this name; INVALID_TYPE when there is none. */
    Table table(String object) {
        return store().table(object)
                .orElseThrow(
                        () -> new RefusedException("INVALID_TYPE", "sObject type '" + object + "' is not supported."));
    }

    /** Builds an answer with the use of the limit in its header. */
    Answer answer(EnvelopeWriter.Content content) {
        EnvelopeWriter.Usage usage = account.limiter()
                .usage(Limiter.DAILY)
                .map(used -> new EnvelopeWriter.Usage(used.used(), used.max()))
                .orElse(null);
        return SoapProtocol.xml(200, EnvelopeWriter.answer(envelope.operation(), usage, content));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Represents a request of the partner API: its headers and its operation. Opening it reads the headers and the
 * operation's name; the operation's content is read on demand.
 */
public final class Envelope {

    /** Namespace of the partner API. */
    public static final String PARTNER = "urn:partner.soap.sforce.com";

    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

    private final List<Element> headers;
    private final String operation;
    private final XmlPull rest;
    private Element body;
    private MalformedEnvelopeException broken;

    private Envelope(List<Element> headers, String operation, XmlPull rest) {
        this.headers = headers;
        this.operation = operation;
        this.rest = rest;
    }

    /** @throws MalformedEnvelopeException when there is no operation of the partner API in it */
    public static Envelope open(byte[] bytes) throws MalformedEnvelopeException {
        XmlPull xml = new XmlPull(bytes);
        if (!xml.nextStart() || !xml.at(SOAP, "Envelope")) {
            throw new MalformedEnvelopeException("The body is no SOAP 1.1 envelope");
        }
        List<Element> headers = new ArrayList<>();
        boolean more = xml.nextStart();
        if (more && xml.at(SOAP, "Header")) {
            while (xml.nextStart()) {
                headers.add(xml.element());
            }
            more = xml.nextStart();
        }
        if (!more || !xml.at(SOAP, "Body") || !xml.nextStart()) {
            throw new MalformedEnvelopeException("The envelope has no body with an operation in it");
        }
        if (!PARTNER.equals(xml.namespace())) {
            throw new MalformedEnvelopeException("No operation available for request {" + xml.namespace() + "}"
                    + xml.name() + ", please check the WSDL for the service.");
        }
        return new Envelope(headers, xml.name(), xml);
    }

    public String operation() {
        return operation;
    }

    /** Answers the value of an element of a header, such as {@code sessionId} of {@code SessionHeader}. */
    public Optional<String> header(String header, String name) {
        return headers.stream()
                .filter(element -> element.name().equals(header))
                .findFirst()
                .flatMap(element -> element.value(name));
    }

    /** Answers the operation's element with its content; later calls answer the same element or the same error. */
    public synchronized Element body() throws MalformedEnvelopeException {
        if (broken == null && body == null) {
            try {
                body = rest.element();
            } catch (MalformedEnvelopeException e) {
                broken = e;
            }
        }
        if (broken != null) {
            throw broken;
        }
        return body;
    }
}

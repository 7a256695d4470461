// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads untrusted XML: no document type, thus no entities and no remote content, and limited depth and number of
 * elements. SOAP 1.1 forbids document types anyway (section 3 of the W3C note).
 */
final class XmlPull {

    private static final int DEEPEST = 24;
    private static final int MOST_ELEMENTS = 250_000;
    private static final String XSI = XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI;
    private static final String MESSAGE = "Message: ";
    private static final XMLInputFactory FACTORY = factory();

    private final XMLStreamReader reader;
    private int depth;
    private int elements;

    XmlPull(byte[] body) throws MalformedEnvelopeException {
        try {
            reader = FACTORY.createXMLStreamReader(new ByteArrayInputStream(body));
        } catch (XMLStreamException e) {
            throw malformed(e);
        }
    }

    /** Creates the runtime's own parser, whatever others are on the class path. */
    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setXMLResolver((publicId, systemId, base, namespace) -> {
            throw new XMLStreamException("external entities are not read");
        });
        return factory;
    }

    /** Moves to the next start tag; answers false when the surrounding element ends first. */
    boolean nextStart() throws MalformedEnvelopeException {
        while (true) {
            switch (next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    return true;
                }
                case XMLStreamConstants.END_ELEMENT, XMLStreamConstants.END_DOCUMENT -> {
                    return false;
                }
                default -> {}
            }
        }
    }

    /** Whether the current start tag has this name in this namespace. */
    boolean at(String namespace, String name) {
        return name.equals(reader.getLocalName()) && namespace.equals(reader.getNamespaceURI());
    }

    String namespace() {
        return reader.getNamespaceURI();
    }

    String name() {
        return reader.getLocalName();
    }

    /** Reads the whole element of the current start tag; the reader is at its end afterwards. */
    Element element() throws MalformedEnvelopeException {
        String name = reader.getLocalName();
        String nil = reader.getAttributeValue(XSI, "nil");
        StringBuilder text = new StringBuilder();
        List<Element> children = new ArrayList<>();
        while (true) {
            switch (next()) {
                case XMLStreamConstants.START_ELEMENT -> children.add(element());
                case XMLStreamConstants.END_ELEMENT -> {
                    return new Element(name, "true".equals(nil) || "1".equals(nil), text.toString(), children);
                }
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE ->
                    text.append(reader.getText());
                default -> {}
            }
        }
    }

    private int next() throws MalformedEnvelopeException {
        try {
            int event = reader.next();
            switch (event) {
                case XMLStreamConstants.START_ELEMENT -> {
                    if (++depth > DEEPEST || ++elements > MOST_ELEMENTS) {
                        throw new MalformedEnvelopeException("The envelope has more than " + DEEPEST
                                + " levels or more than " + MOST_ELEMENTS + " elements");
                    }
                }
                case XMLStreamConstants.END_ELEMENT -> depth--;
                case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
                    throw new MalformedEnvelopeException("A SOAP message must not contain a document type");
                default -> {}
            }
            return event;
        } catch (XMLStreamException e) {
            throw malformed(e);
        }
    }

    private static MalformedEnvelopeException malformed(XMLStreamException e) {
        String message = String.valueOf(e.getMessage());
        // the place in the text stands before it
        int start = message.indexOf(MESSAGE);
        return new MalformedEnvelopeException(start < 0 ? message : message.substring(start + MESSAGE.length()));
    }
}

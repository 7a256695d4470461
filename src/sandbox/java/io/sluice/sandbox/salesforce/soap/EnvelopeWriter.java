// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.io.StringWriter;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes an answer of the partner API: elements of the API itself, and records in their own namespace. */
public final class EnvelopeWriter {

    private static final String RECORDS = "urn:sobject.partner.soap.sforce.com";
    private static final String XSI = XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI;
    private static final XMLOutputFactory FACTORY = XMLOutputFactory.newDefaultFactory();

    private final XMLStreamWriter xml;
    private final String sf;

    /** Writes the content of an element. */
    public interface Content {
        void write(EnvelopeWriter writer) throws XMLStreamException;
    }

    /** Counts the used calls of the day, for the header of an answer. */
    public record Usage(long current, long limit) {}

    private EnvelopeWriter(XMLStreamWriter xml, String sf) {
        this.xml = xml;
        this.sf = sf;
    }

    /** Writes the answer to an operation; {@code usage} is null when the vendor does not send it. */
    public static String answer(String operation, Usage usage, Content content) {
        return envelope(Envelope.PARTNER, RECORDS, writer -> {
            if (usage != null) {
                writer.soap(
                        "Header",
                        header -> header.element(
                                "LimitInfoHeader",
                                one -> one.element("limitInfo", info -> info.value("current", usage.current())
                                        .value("limit", usage.limit())
                                        .value("type", "API REQUESTS"))));
            }
            writer.soap("Body", body -> body.element(operation + "Response", content));
        });
    }

    /** Writes an envelope with these namespaces for names without a prefix and with {@code sf}. */
    static String envelope(String unprefixed, String sf, Content content) {
        StringWriter text = new StringWriter();
        try {
            XMLStreamWriter xml = FACTORY.createXMLStreamWriter(text);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeStartElement("soapenv", "Envelope", Envelope.SOAP);
            xml.writeNamespace("soapenv", Envelope.SOAP);
            xml.writeDefaultNamespace(unprefixed);
            xml.writeNamespace("sf", sf);
            xml.writeNamespace("xsi", XSI);
            xml.writeNamespace("xsd", XMLConstants.W3C_XML_SCHEMA_NS_URI);
            content.write(new EnvelopeWriter(xml, sf));
            xml.writeEndDocument();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("Text can always be written.", e);
        }
        return text.toString();
    }

    EnvelopeWriter soap(String name, Content content) throws XMLStreamException {
        xml.writeStartElement("soapenv", name, Envelope.SOAP);
        return inside(content);
    }

    public EnvelopeWriter element(String name, Content content) throws XMLStreamException {
        xml.writeStartElement(name);
        return inside(content);
    }

    /** Writes an element with a text, or with {@code xsi:nil} for null. */
    public EnvelopeWriter value(String name, Object value) throws XMLStreamException {
        xml.writeStartElement(name);
        return inside(value);
    }

    /** Writes an element with its type: a record in an answer of the API is {@code sf:sObject}. */
    public EnvelopeWriter typed(String name, String type, Content content) throws XMLStreamException {
        xml.writeStartElement(name);
        xml.writeAttribute("xsi", XSI, "type", type);
        return inside(content);
    }

    /** Writes a text whose type the WSDL leaves open, such as {@code xsd:boolean}. */
    public EnvelopeWriter typedValue(String name, String type, String value) throws XMLStreamException {
        return typed(name, type, inside -> inside.text(value));
    }

    /**
     * Writes an element like {@link #typed}, with its name in the {@code sf} namespace: a parent of a record, a
     * compound field.
     */
    public EnvelopeWriter typedField(String name, String type, Content content) throws XMLStreamException {
        xml.writeStartElement("sf", name, sf);
        xml.writeAttribute("xsi", XSI, "type", type);
        return inside(content);
    }

    /** Writes a field of a record, with {@code xsi:nil} for null. */
    public EnvelopeWriter field(String name, Object value) throws XMLStreamException {
        xml.writeStartElement("sf", name, sf);
        return inside(value);
    }

    /** Writes a text within an element. */
    public void text(String text) throws XMLStreamException {
        for (int from = 0; from < text.length(); ) {
            // as such a reader would take it for a line's end
            int end = text.indexOf('\r', from);
            xml.writeCharacters(valid(text.substring(from, end < 0 ? text.length() : end)));
            if (end >= 0) {
                xml.writeEntityRef("#13");
            }
            from = end < 0 ? text.length() : end + 1;
        }
    }

    /** Removes the characters that XML 1.0 can't write. */
    private static String valid(String text) {
        return text.chars().noneMatch(c -> c < ' ' && c != '\t' && c != '\n' || c == 0xFFFE || c == 0xFFFF)
                ? text
                : text.replaceAll("[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\uFFFE\\uFFFF]", "\uFFFD");
    }

    private EnvelopeWriter inside(Object value) throws XMLStreamException {
        if (value == null) {
            xml.writeAttribute("xsi", XSI, "nil", "true");
        }
        return inside(writer -> {
            if (value != null) {
                writer.text(value.toString());
            }
        });
    }

    private EnvelopeWriter inside(Content content) throws XMLStreamException {
        content.write(this);
        xml.writeEndElement();
        return this;
    }
}

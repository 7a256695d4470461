// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import java.io.StringWriter;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Describes a call of the SOAP API in its partner form (SOAP API Developer Guide, "Core Calls"). The request holds its
 * session, so it is written when the session is known: after the permit and the login.
 */
@FunctionalInterface
interface SoapRequest {

    /** Namespace of the API's own elements. */
    String PARTNER = "urn:partner.soap.sforce.com";
    /** Namespace of the fields of records. */
    String RECORDS = "urn:sobject.partner.soap.sforce.com";

    /** Returns the envelope as text. */
    String envelope(String session);

    /**
     * Merges up to three records into one.
     *
     * @param fields the values that the surviving record gets; null clears a field
     * @param others one or two ids of the merged records
     */
    static SoapRequest merge(String object, String survivor, Map<String, Object> fields, List<String> others) {
        return session -> write(session, "merge", xml -> {
            xml.writeStartElement(PARTNER, "request");
            xml.writeStartElement(PARTNER, "masterRecord");
            record(xml, object, survivor, fields);
            xml.writeEndElement();
            for (String other : others) {
                text(xml, PARTNER, "recordToMergeIds", other);
            }
            xml.writeEndElement();
        });
    }

    /** Undeletes up to 200 records from the recycle bin. */
    static SoapRequest undelete(List<String> ids) {
        return session -> write(session, "undelete", xml -> {
            for (String id : ids) {
                text(xml, PARTNER, "ids", id);
            }
        });
    }

    /** Writes the content of an element. */
    @FunctionalInterface
    interface Content {
        void write(XMLStreamWriter xml) throws XMLStreamException;
    }

    private static String write(String session, String operation, Content content) {
        StringWriter text = new StringWriter();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
            String soap = "http://schemas.xmlsoap.org/soap/envelope/";
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeStartElement("soapenv", "Envelope", soap);
            xml.writeNamespace("soapenv", soap);
            xml.setPrefix("m", PARTNER);
            xml.writeNamespace("m", PARTNER);
            xml.setPrefix("r", RECORDS);
            xml.writeNamespace("r", RECORDS);
            xml.writeStartElement(soap, "Header");
            xml.writeStartElement(PARTNER, "CallOptions");
            text(xml, PARTNER, "client", "sluice");
            xml.writeEndElement();
            xml.writeStartElement(PARTNER, "SessionHeader");
            text(xml, PARTNER, "sessionId", session);
            xml.writeEndElement();
            xml.writeEndElement();
            xml.writeStartElement(soap, "Body");
            xml.writeStartElement(PARTNER, operation);
            content.write(xml);
            xml.writeEndDocument();
        } catch (XMLStreamException broken) {
            throw new IllegalStateException(
                    "The SOAP request " + operation + " can't be written: " + broken.getMessage(), broken);
        }
        return text.toString();
    }

    /** Writes a record in the order of the partner WSDL: type, fieldsToNull, Id, fields. */
    private static void record(XMLStreamWriter xml, String object, String id, Map<String, Object> fields)
            throws XMLStreamException {
        text(xml, RECORDS, "type", object);
        for (Map.Entry<String, Object> field : fields.entrySet()) {
            if (field.getValue() == null || "".equals(field.getValue())) {
                text(xml, RECORDS, "fieldsToNull", field.getKey());
            }
        }
        text(xml, RECORDS, "Id", id);
        for (Map.Entry<String, Object> field : fields.entrySet()) {
            if (field.getValue() != null && !"".equals(field.getValue())) {
                text(
                        xml,
                        RECORDS,
                        field.getKey(),
                        field.getValue() instanceof BigDecimal number
                                ? number.toPlainString()
                                : field.getValue().toString());
            }
        }
    }

    private static void text(XMLStreamWriter xml, String namespace, String name, String text)
            throws XMLStreamException {
        xml.writeStartElement(namespace, name);
        // a bare carriage return would arrive as a line feed
        for (String part : writable(text).split("(?=\r)|(?<=\r)")) {
            if (part.equals("\r")) {
                xml.writeEntityRef("#13");
            } else {
                xml.writeCharacters(part);
            }
        }
        xml.writeEndElement();
    }

    /** Replaces most control characters and unpaired surrogates, which XML 1.0 can't represent. */
    private static String writable(String text) {
        StringBuilder writable = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> writable.appendCodePoint(
                        c >= ' ' && c < 0xD800
                                        || c == '\t'
                                        || c == '\n'
                                        || c == '\r'
                                        || c >= 0xE000 && c < 0xFFFE
                                        || c > 0xFFFF
                                ? c
                                : 0xFFFD));
        return writable.toString();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Holds an XML element of an answer, by its local name.
 *
 * @param text the element's own text, without that of its children
 */
record XmlElement(String name, String text, List<XmlElement> children) {

    private static final XMLInputFactory FACTORY = factory();

    /** Creates a factory that neither fetches nor expands anything, since an answer comes from outside. */
    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        return factory;
    }

    /** Parses a text and returns its root; empty when it is not XML, such as a truncated answer. */
    static Optional<XmlElement> parse(String text) {
        if (text == null || !text.stripLeading().startsWith("<")) {
            return Optional.empty();
        }
        try {
            XMLStreamReader xml = FACTORY.createXMLStreamReader(new StringReader(text.strip()));
            xml.nextTag();
            XmlElement root = read(xml);
            while (xml.hasNext()) {
                xml.next();
            }
            return Optional.of(root);
        } catch (XMLStreamException noXml) {
            return Optional.empty();
        }
    }

    private static XmlElement read(XMLStreamReader xml) throws XMLStreamException {
        String name = xml.getLocalName();
        StringBuilder text = new StringBuilder();
        List<XmlElement> children = new ArrayList<>();
        for (int event = xml.next(); event != XMLStreamConstants.END_ELEMENT; event = xml.next()) {
            if (event == XMLStreamConstants.START_ELEMENT) {
                children.add(read(xml));
            } else if (event == XMLStreamConstants.CHARACTERS) {
                text.append(xml.getText());
            }
        }
        return new XmlElement(name, text.toString(), children);
    }

    List<XmlElement> all(String child) {
        return children.stream().filter(it -> it.name().equals(child)).toList();
    }

    /** Returns the first element at the end of a path of names. */
    Optional<XmlElement> at(String... path) {
        Optional<XmlElement> found = Optional.of(this);
        for (String step : path) {
            found = found.flatMap(it -> it.all(step).stream().findFirst());
        }
        return found;
    }

    /** Returns the text at the end of a path; empty where there is none. */
    String text(String... path) {
        return at(path).map(it -> it.text().strip()).orElse("");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.util.List;
import java.util.Optional;

/**
 * Represents an element of a request, without its prefix: the position distinguishes the partner API's names.
 *
 * @param nil  whether it says {@code xsi:nil}
 * @param text what stands between its tags, its children's text not included
 */
public record Element(String name, boolean nil, String text, List<Element> children) {

    /** Answers the first child of this name. */
    public Optional<Element> child(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).findFirst();
    }

    /** Answers all children of this name, in order. */
    public List<Element> children(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).toList();
    }

    /** Answers the trimmed text of the first child of this name; empty when it is absent, nil or blank. */
    public Optional<String> value(String childName) {
        return child(childName)
                .filter(child -> !child.nil)
                .map(child -> child.text.strip())
                .filter(text -> !text.isEmpty());
    }
}

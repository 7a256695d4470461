// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.util.List;
import java.util.Optional;

/**
 * An element of a request, without its prefix: the partner API's names are told apart by where they stand.
 *
 * @param nil  whether it says {@code xsi:nil}
 * @param text what stands between its tags, its children's text not included
 */
public record Element(String name, boolean nil, String text, List<Element> children) {

    /** The first child of this name. */
    public Optional<Element> child(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).findFirst();
    }

    /** All children of this name, in order. */
    public List<Element> children(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).toList();
    }

    /** The text of the first child of this name, without the blanks around it; empty when it is absent, nil or blank. */
    public Optional<String> value(String childName) {
        return child(childName)
                .filter(child -> !child.nil)
                .map(child -> child.text.strip())
                .filter(text -> !text.isEmpty());
    }
}

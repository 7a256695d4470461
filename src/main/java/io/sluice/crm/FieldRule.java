// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/**
 * Describes how a CRM normalises a field, as far as its describe shows. The merge uses it to recognise a returned value
 * as the normalised form of our own write.
 *
 * @param limit decimals of a {@link Kind#NUMBER}, characters of a text; null where it is not known
 */
public record FieldRule(Kind kind, Integer limit) {

    public static final FieldRule UNKNOWN = new FieldRule(Kind.UNKNOWN, null);

    /** Names what a field holds. */
    public enum Kind {
        /** The field was not described. */
        UNKNOWN,
        TEXT,
        /** An address that the CRM may convert to lower case. */
        EMAIL,
        /** A phone number that the CRM may reformat. */
        PHONE,
        URL,
        /** HTML that the CRM cleans. */
        RICH_TEXT,
        /** One of a list of values, compared without case. */
        CHOICE,
        /** Several of a list of values, in any order. */
        CHOICES,
        /** Id of another record, which has a short and a long form. */
        REFERENCE,
        /** True or false, and nothing else: empty is false. */
        CHECKBOX,
        NUMBER,
        DAY,
        /** A time truncated to seconds. */
        SECOND,
        /** A time truncated to milliseconds. */
        MILLISECOND,
        /** A time of day truncated to milliseconds. */
        TIME
    }

    public static FieldRule of(Kind kind) {
        return new FieldRule(kind, null);
    }
}

package io.sluice.crm;

/**
 * How a CRM normalises what is written to a field, as far as its describe tells: the merge knows by it which value that
 * comes back is what the CRM made of a write of ours.
 *
 * @param limit decimals of a {@link Kind#NUMBER}, characters of a text; null where it is not known
 */
public record FieldRule(Kind kind, Integer limit) {

    public static final FieldRule UNKNOWN = new FieldRule(Kind.UNKNOWN, null);

    /** What a field holds. */
    public enum Kind {
        /** Nobody has described it. */
        UNKNOWN,
        TEXT,
        /** An address whose letters the CRM may turn into small ones. */
        EMAIL,
        /** A number that the CRM may write in a form of its own. */
        PHONE,
        URL,
        /** HTML that the CRM cleans. */
        RICH_TEXT,
        /** One of some values, found without regard to case. */
        CHOICE,
        /** Several of some values, in no order that means anything. */
        CHOICES,
        /** Id of another record, which has a short and a long form. */
        REFERENCE,
        /** True or false, and nothing else: empty is false. */
        CHECKBOX,
        NUMBER,
        DAY,
        /** A moment that is cut to whole seconds. */
        SECOND,
        /** A moment that is cut to milliseconds. */
        MILLISECOND,
        /** A time of the day, cut to milliseconds. */
        TIME
    }

    public static FieldRule of(Kind kind) {
        return new FieldRule(kind, null);
    }
}

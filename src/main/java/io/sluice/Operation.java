package io.sluice;

import java.util.Locale;

/** What is done to a record of a CRM. Upsert by external id, so that doing it twice does it once. */
public enum Operation {
    UPSERT, DELETE;

    public static Operation of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** As it stands in tables, messages and the writer contract: {@code upsert}, {@code delete}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

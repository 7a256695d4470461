package io.sluice.crm;

import java.util.List;

/** The CRM has no object of that name. */
public final class NoSuchObject extends Exception {

    private final transient List<String> objects;

    public NoSuchObject(String object, List<String> objects) {
        super("There is no object '" + object + "'");
        this.objects = List.copyOf(objects);
    }

    /** The objects there are. */
    public List<String> objects() {
        return objects;
    }
}

package io.sluice.crm.hubspot;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Where resources are, by the version of the API: {@code v3} as of old, or a date such as {@code 2026-09} ("API
 * versioning").
 */
final class ApiPaths {

    private ApiPaths() {
    }

    static String objects(String version, String object) {
        return resource("objects", version, object);
    }

    /** Of version {@code v4}, where objects have {@code v3}. */
    static String associations(String version, String from, String to) {
        return resource("associations", version, from) + "/" + segment(to);
    }

    static String properties(String version, String object) {
        return resource("properties", version, object);
    }

    static String schemas(String version) {
        return version.startsWith("v") ? "/crm/" + version + "/schemas" : "/crm-object-schemas/" + version + "/schemas";
    }

    /** A name as a part of a path. */
    static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    private static String resource(String resource, String version, String object) {
        String type = segment(object);
        return version.startsWith("v") ? "/crm/" + version + "/" + resource + "/" + type
                : "/crm/" + resource + "/" + version + "/" + type;
    }
}

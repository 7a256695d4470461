// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Builds the paths of HubSpot's resources for a version of the API: {@code v3}, or a date such as {@code 2026-09} ("API
 * versioning").
 */
final class ApiPaths {

    private ApiPaths() {}

    static String objects(String version, String object) {
        return resource("objects", version, object);
    }

    /** Returns the path of associations, whose version is {@code v4} where that of objects is {@code v3}. */
    static String associations(String version, String from, String to) {
        return resource("associations", version, from) + "/" + segment(to);
    }

    static String properties(String version, String object) {
        return resource("properties", version, object);
    }

    static String schemas(String version) {
        return version.startsWith("v") ? "/crm/" + version + "/schemas" : "/crm-object-schemas/" + version + "/schemas";
    }

    /** Encodes a name as a segment of a path. */
    static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    private static String resource(String resource, String version, String object) {
        String type = segment(object);
        return version.startsWith("v")
                ? "/crm/" + version + "/" + resource + "/" + type
                : "/crm/" + resource + "/" + version + "/" + type;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.CrmRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.camel.Message;

/**
 * Holds the records as they were in the CRM just before a call wrote them. A writer Kamelet of a CRM that reads and
 * writes in one call ({@link Crm#readBeforeWrite()}) gets the request in the header {@value #SINCE} and answers with
 * the header {@value #HEADER}.
 */
public final class BeforeImages {

    /**
     * Header with a map from the object to a time: known records that changed since then are read before they are
     * written.
     */
    public static final String SINCE = "SluiceReadBefore";

    /**
     * Header with a map from the object to its records before the write, each with the fields that the call writes. An
     * object without an entry could not be read.
     */
    public static final String HEADER = "SluiceBeforeImages";

    private BeforeImages() {}

    /** Returns the requested objects. */
    @SuppressWarnings("unchecked")
    public static Map<String, Instant> asked(Message message) {
        return message.getHeader(SINCE, Map.of(), Map.class);
    }

    public static void answer(Message message, Map<String, List<CrmRecord>> images) {
        message.setHeader(HEADER, images);
    }
}

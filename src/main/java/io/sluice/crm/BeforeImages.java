package io.sluice.crm;

import io.sluice.CrmRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.camel.Message;

/**
 * The records as the CRM had them just before a call wrote them. A writer Kamelet of a CRM that reads and writes in one call
 * ({@link Crm#readBeforeWrite()}) is asked for them by the header {@value #SINCE} and answers with the header
 * {@value #HEADER}.
 */
public final class BeforeImages {

    /** Object to the moment: which known records of it were changed since is read before they are written. */
    public static final String SINCE = "SluiceReadBefore";

    /** Object to its records that were, each with the fields that the call writes. No entry: they could not be read. */
    public static final String HEADER = "SluiceBeforeImages";

    private BeforeImages() {
    }

    /** What is asked for. */
    @SuppressWarnings("unchecked")
    public static Map<String, Instant> asked(Message message) {
        return message.getHeader(SINCE, Map.of(), Map.class);
    }

    public static void answer(Message message, Map<String, List<CrmRecord>> images) {
        message.setHeader(HEADER, images);
    }
}

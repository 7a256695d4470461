// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.CrmRecord;
import io.sluice.crm.AnswerCache;
import io.sluice.crm.Durations;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Reads records through a cache ({@link AnswerCache}): the records that it lacks take one call. */
public final class HubspotCache {

    /** Header with the number of records that came from the cache. */
    public static final String CACHED = "SluiceCached";

    private static final String CACHE_READ = "SluiceCacheRead";

    /**
     * Identifies an answer in the cache.
     *
     * @param by the unique property, or blank when the value is HubSpot's own id
     */
    private record CacheKey(String account, String object, String by, String value, Set<String> fields) {}

    /**
     * Holds the state of one read.
     *
     * @param found   the records that came from the cache
     * @param missing the records that the cache lacks, by requested value
     * @param life    how long answers are kept
     * @param drops   the number of drops before the read: a record that is dropped meanwhile must not come back
     */
    private record Read(List<CrmRecord> found, Map<String, CacheKey> missing, Duration life, long drops) {}

    private final AnswerCache cache;

    HubspotCache(AnswerCache cache) {
        this.cache = cache;
    }

    /** Replaces the ids, or values of a unique property, in the body by those that must be read. */
    public void ask(
            Exchange exchange, String account, String object, String externalId, String fields, String timeToLive)
            throws SQLException {
        Message message = exchange.getMessage();
        Set<String> names = Set.copyOf(HubspotReads.names(fields));
        Read lookup = new Read(
                new ArrayList<>(),
                new HashMap<>(),
                cache.life(account, Durations.of("timeToLive", timeToLive)),
                cache.drops());
        List<String> missing = new ArrayList<>();
        for (Object id : message.getBody(List.class)) {
            CacheKey cacheKey = new CacheKey(account, object, externalId, id.toString(), names);
            Object kept = lookup.life.isZero() ? null : cache.cache().getIfPresent(cacheKey);
            if (kept == null) {
                missing.add(cacheKey.value);
                lookup.missing.put(cacheKey.value, cacheKey);
            } else {
                lookup.found.add((CrmRecord) ((AnswerCache.Kept) kept).answer());
            }
        }
        if (!lookup.life.isZero()) {
            cache.count(account, object, "read", true, lookup.found.size());
            cache.count(account, object, "read", false, missing.size());
            if (missing.isEmpty() && !lookup.found.isEmpty()) {
                cache.saved(account, object);
            }
        }
        exchange.setProperty(CACHE_READ, lookup);
        message.setHeader(CACHED, lookup.found.size());
        message.setHeader(HubspotCalls.STATUS, 200);
        message.setBody(missing);
    }

    /** Tells whether a call is needed. */
    public boolean isMissing(Exchange exchange) {
        return !exchange.getProperty(CACHE_READ, Read.class).missing.isEmpty();
    }

    /**
     * Sets the cached records and those just read as the body, and keeps the latter. An answer that is an error stays
     * as it is.
     */
    public void handOn(Exchange exchange) {
        Read lookup = (Read) exchange.removeProperty(CACHE_READ);
        if (exchange.getMessage().getBody() instanceof List<?> read) {
            keep(
                    lookup,
                    read.stream()
                            .filter(CrmRecord.class::isInstance)
                            .map(CrmRecord.class::cast)
                            .toList());
            List<Object> records = new ArrayList<>(lookup.found);
            records.addAll(read);
            exchange.getMessage().setBody(records);
        }
    }

    private void keep(Read lookup, List<CrmRecord> read) {
        if (lookup.life.isZero()) {
            return;
        }
        List<CacheKey> kept = new ArrayList<>();
        for (CrmRecord record : read) {
            // HubSpot returns a merged record under another id than the requested one
            CacheKey cacheKey = lookup.missing.get(record.key() == null ? record.crmId() : record.key());
            if (cacheKey != null) {
                cache.cache()
                        .put(
                                cacheKey,
                                new AnswerCache.Kept(
                                        cacheKey.account,
                                        cacheKey.object,
                                        Set.copyOf(List.of(cacheKey.value, record.crmId())),
                                        record,
                                        lookup.life));
                kept.add(cacheKey);
            }
        }
        if (cache.drops() != lookup.drops) {
            cache.cache().invalidateAll(kept);
        }
    }

    /** Drops the records that changed, according to the body: outcomes of a write, records or events. */
    public void drop(Exchange exchange, String account) {
        cache.drop(account, "", exchange.getMessage().getBody());
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.Outcome;
import io.sluice.crm.AnswerCache;
import io.sluice.crm.Durations;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.ObjectShape;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.caffeine.CaffeineConstants;

/**
 * Reads a record, or the fields of an object, through a cache ({@link AnswerCache}) that the component camel-caffeine
 * fills.
 */
public final class SalesforceCache {

    /** Header that tells whether an answer came from the cache. */
    public static final String CACHED = "SluiceCached";

    /** Name of the cache in the Kamelets' endpoint. */
    static final String NAME = "salesforceAnswers";

    private static final String LOOKUP = "SluiceCacheLookup";

    /** @param drops the number of drops before the read: an entry that is dropped meanwhile must not come back */
    private record Lookup(CacheableRequest request, long drops) {}

    private final AnswerCache cache;

    SalesforceCache(AnswerCache cache) {
        this.cache = cache;
    }

    /** Looks up a record by its id, or by a value of the external id where one is set. */
    public void ask(Exchange exchange, String account, String object, String externalId, String fields) {
        String value = exchange.getMessage().getBody(String.class);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(
                    "A read takes the id of the record, or the value of its external id, as the"
                            + " body, but the body is empty");
        }
        ask(
                exchange,
                new CacheableRequest.OfRecord(
                        account,
                        object,
                        externalId.isBlank() ? null : externalId,
                        value.strip(),
                        new LinkedHashSet<>(SalesforceReads.names(fields))));
    }

    /** Looks up the fields of an object. */
    public void ask(Exchange exchange, String account, String object) {
        ask(exchange, new CacheableRequest.OfShape(account, object));
    }

    private void ask(Exchange exchange, CacheableRequest request) {
        exchange.setProperty(LOOKUP, new Lookup(request, cache.drops()));
        exchange.getMessage().setHeader(CaffeineConstants.KEY, request.key());
        exchange.getMessage().setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_GET);
    }

    /** Tells whether the cache had an answer, and counts the hit or miss. */
    public boolean isHit(Exchange exchange) {
        boolean hit = exchange.getMessage().getHeader(CaffeineConstants.ACTION_HAS_RESULT, false, Boolean.class);
        CacheableRequest request = lookup(exchange).request();
        cache.count(request.account(), request.object(), request.operation(), hit, 1);
        if (hit) {
            cache.saved(request.account(), request.object());
        }
        return hit;
    }

    /** Sets the cached answer as the body, without a call. */
    public void cached(Exchange exchange) {
        AnswerCache.Kept kept = exchange.getMessage().getBody(AnswerCache.Kept.class);
        removeCacheHeaders(exchange);
        exchange.getMessage().setHeader(SalesforceCalls.STATUS, 200);
        exchange.getMessage().setHeader(CACHED, true);
        exchange.getMessage().setBody(kept.answer());
    }

    /** Prepares the request that reads the missing answer. */
    public void request(Exchange exchange, String apiVersion) {
        Message message = exchange.getMessage();
        removeCacheHeaders(exchange);
        message.setBody(null);
        message.setHeader(SalesforceCalls.METHOD, "GET");
        message.setHeader(
                SalesforceCalls.PATH,
                "/services/data/v" + apiVersion + lookup(exchange).request().path());
    }

    /**
     * Sets the record or shape that was read as the body and puts it into the cache, unless an entry was dropped since
     * the lookup. An answer that is an error stays as it is.
     */
    public void read(Exchange exchange, String timeToLive) throws SQLException {
        Message message = exchange.getMessage();
        CacheableRequest request = lookup(exchange).request();
        message.setHeader(CACHED, false);
        message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_CLEANUP);
        Optional<CacheableRequest.Found> found = request.found(SalesforceCalls.answer(exchange));
        if (found.isEmpty()) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        message.setBody(found.get().body());
        Duration life = cache.life(request.account(), Durations.of("timeToLive", timeToLive));
        if (!life.isZero()) {
            message.setHeader(CaffeineConstants.KEY, request.key());
            message.setHeader(
                    CaffeineConstants.VALUE,
                    new AnswerCache.Kept(
                            request.account(),
                            request.object(),
                            found.get().names(),
                            found.get().body(),
                            life));
            message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_PUT);
        }
    }

    /** Removes the cache's own headers, and drops the new entry if another was dropped meanwhile. */
    public void kept(Exchange exchange) {
        Lookup lookup = lookup(exchange);
        if (cache.drops() != lookup.drops()) {
            cache.cache().invalidate(lookup.request().key());
        }
        removeCacheHeaders(exchange);
        exchange.removeProperty(LOOKUP);
    }

    /**
     * Drops the records that changed, according to the body: outcomes of a write, records or events. Drops the fields
     * of an object too if a record's outcome shows that they have changed.
     *
     * @param object the object; blank for changes of any object
     */
    public void drop(Exchange exchange, String account, String object) {
        if (!(exchange.getMessage().getBody() instanceof List<?> changes) || changes.isEmpty()) {
            return;
        }
        Set<String> names = AnswerCache.names(changes);
        boolean shapeChanged = exchange.getMessage().getHeader(ErrorScope.HEADER) == ErrorScope.OBJECT
                || changes.stream()
                        .anyMatch(one -> one instanceof Outcome outcome && SalesforceErrors.isOfShape(outcome.code()));
        cache.drop(kept -> kept.isOf(account, object)
                && (kept.names().stream().anyMatch(names::contains) || shapeChanged && isShape(kept)));
    }

    /** Drops the fields of an account's objects, because an answer shows that one of them has changed. */
    void dropShapes(String account) {
        cache.drop(kept -> kept.isOf(account, "") && isShape(kept));
    }

    private static boolean isShape(AnswerCache.Kept kept) {
        return kept.answer() instanceof ObjectShape;
    }

    private static Lookup lookup(Exchange exchange) {
        return exchange.getProperty(LOOKUP, Lookup.class);
    }

    private static void removeCacheHeaders(Exchange exchange) {
        exchange.getMessage().removeHeaders("CamelCaffeine*");
    }
}

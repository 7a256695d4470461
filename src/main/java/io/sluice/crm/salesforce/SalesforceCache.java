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
 * The steps of reading a record, or the fields of an object, through a cache ({@link AnswerCache}), which the component
 * camel-caffeine fills.
 */
public final class SalesforceCache {

    /** Header that says whether an answer came out of the cache. */
    public static final String CACHED = "SluiceCached";

    /** As the Kamelets' address of the cache names it. */
    static final String NAME = "salesforceAnswers";

    private static final String ASKED = "SluiceQuestion";

    /** @param drops how much had been dropped when it was asked: what is dropped meanwhile must not come back */
    private record Asked(CacheableRequest question, long drops) { }

    private final AnswerCache cache;

    SalesforceCache(AnswerCache cache) {
        this.cache = cache;
    }

    /** Asks for a record by its id, or by a value of the external id where one is named. */
    public void ask(Exchange exchange, String account, String object, String externalId, String fields) {
        String value = exchange.getMessage().getBody(String.class);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("A read takes the id of the record, or the value of its external id, as the"
                    + " body, but got nothing");
        }
        ask(exchange, new CacheableRequest.OfRecord(account, object, externalId.isBlank() ? null : externalId, value.strip(),
                new LinkedHashSet<>(SalesforceReads.names(fields))));
    }

    /** Asks for the fields of an object. */
    public void ask(Exchange exchange, String account, String object) {
        ask(exchange, new CacheableRequest.OfShape(account, object));
    }

    private void ask(Exchange exchange, CacheableRequest question) {
        exchange.setProperty(ASKED, new Asked(question, cache.drops()));
        exchange.getMessage().setHeader(CaffeineConstants.KEY, question.key());
        exchange.getMessage().setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_GET);
    }

    /** Whether the cache had an answer, which is counted. */
    public boolean isHit(Exchange exchange) {
        boolean hit = exchange.getMessage().getHeader(CaffeineConstants.ACTION_HAS_RESULT, false, Boolean.class);
        CacheableRequest question = asked(exchange).question();
        cache.count(question.account(), question.object(), question.operation(), hit, 1);
        return hit;
    }

    /** Takes the answer out of what the cache has, without a call. */
    public void cached(Exchange exchange) {
        AnswerCache.Kept kept = exchange.getMessage().getBody(AnswerCache.Kept.class);
        forgetQuestion(exchange);
        exchange.getMessage().setHeader(SalesforceCalls.STATUS, 200);
        exchange.getMessage().setHeader(CACHED, true);
        exchange.getMessage().setBody(kept.answer());
    }

    /** The request that reads it. */
    public void request(Exchange exchange, String apiVersion) {
        Message message = exchange.getMessage();
        forgetQuestion(exchange);
        message.setBody(null);
        message.setHeader(SalesforceCalls.METHOD, "GET");
        message.setHeader(SalesforceCalls.PATH, "/services/data/v" + apiVersion + asked(exchange).question().path());
    }

    /**
     * The answer as what was asked for, which the cache is asked to keep, unless something was dropped since it was asked
     * for; an answer that is none stays what it is.
     */
    public void read(Exchange exchange, String timeToLive) throws SQLException {
        Message message = exchange.getMessage();
        CacheableRequest question = asked(exchange).question();
        message.setHeader(CACHED, false);
        message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_CLEANUP);
        Optional<CacheableRequest.Found> found = question.found(SalesforceCalls.answer(exchange));
        if (found.isEmpty()) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        message.setBody(found.get().body());
        Duration life = cache.life(question.account(), Durations.of("timeToLive", timeToLive));
        if (!life.isZero()) {
            message.setHeader(CaffeineConstants.KEY, question.key());
            message.setHeader(CaffeineConstants.VALUE, new AnswerCache.Kept(question.account(), question.object(),
                    found.get().names(), found.get().body(), life));
            message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_PUT);
        }
    }

    /** Takes the cache's own headers off; what was dropped while it was being kept goes again. */
    public void kept(Exchange exchange) {
        Asked asked = asked(exchange);
        if (cache.drops() != asked.drops()) {
            cache.cache().invalidate(asked.question().key());
        }
        forgetQuestion(exchange);
        exchange.removeProperty(ASKED);
    }

    /**
     * Drops what the outcomes of a write, or the records that were read or heard of, say has changed; and the fields of an
     * object which a record's outcome says has not those that it was sent.
     *
     * @param object blank where the news may be of any object
     */
    public void drop(Exchange exchange, String account, String object) {
        if (!(exchange.getMessage().getBody() instanceof List<?> news) || news.isEmpty()) {
            return;
        }
        Set<String> names = AnswerCache.names(news);
        boolean unlike = exchange.getMessage().getHeader(ErrorScope.HEADER) == ErrorScope.OBJECT
                || news.stream().anyMatch(one -> one instanceof Outcome outcome && SalesforceErrors.isOfShape(outcome.code()));
        cache.drop(kept -> kept.isOf(account, object)
                && (kept.names().stream().anyMatch(names::contains) || unlike && isShape(kept)));
    }

    /** Drops the fields of an account's objects: an answer said that one of them is not as it was. */
    void dropShapes(String account) {
        cache.drop(kept -> kept.isOf(account, "") && isShape(kept));
    }

    private static boolean isShape(AnswerCache.Kept kept) {
        return kept.answer() instanceof ObjectShape;
    }

    private static Asked asked(Exchange exchange) {
        return exchange.getProperty(ASKED, Asked.class);
    }

    private static void forgetQuestion(Exchange exchange) {
        exchange.getMessage().removeHeaders("CamelCaffeine*");
    }
}

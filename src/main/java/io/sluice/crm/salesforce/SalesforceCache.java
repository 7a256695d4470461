package io.sluice.crm.salesforce;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Gone;
import io.sluice.Outcome;
import io.sluice.Received;
import io.sluice.crm.Permits;
import io.sluice.quota.Thrift;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.caffeine.CaffeineConstants;

/**
 * The steps of reading a record through a cache. Each use of the Kamelet says how long a record may be kept; it is kept
 * longer the less of the day's calls is left. What this process writes or hears of is dropped at once, so that the time
 * only bounds what a user of the CRM changes, or another replica writes, until this process hears of it.
 */
public final class SalesforceCache {

    /** Header that says whether a record came out of the cache. */
    public static final String CACHED = "SluiceCached";

    /** As the Kamelet's address of the cache names it. */
    static final String NAME = "salesforceReadCache";

    private static final String QUESTION = "SluiceQuestion";
    private static final long LARGEST = 10_000;

    /**
     * What is asked for.
     *
     * @param by the external id, or null when the value is the CRM's own id
     */
    private record Question(String account, String object, String by, String value, Set<String> fields) {

        /** As the cache has it, whose component takes texts for keys. */
        String key() {
            return Json.text(this);
        }
    }

    private record Kept(Question question, String crmId, Map<String, Object> fields, Duration life) { }

    /** @param drops how much had been dropped when it was asked: what is dropped meanwhile must not come back */
    private record Asked(Question question, long drops) { }

    private final Cache<Object, Object> cache;
    private final Permits permits;
    private final MeterRegistry metrics;
    private final AtomicLong drops = new AtomicLong();

    /** @param metrics where hits and misses are counted, or null */
    public SalesforceCache(Permits permits, MeterRegistry metrics, Ticker ticker) {
        this.permits = permits;
        this.metrics = metrics;
        this.cache = Caffeine.newBuilder().maximumSize(LARGEST).ticker(ticker).expireAfter(new Life()).build();
    }

    /** For the registry, where camel-caffeine finds it. */
    Cache<Object, Object> cache() {
        return cache;
    }

    /** Each record has a life of its own, which begins when it is read. */
    private static final class Life implements Expiry<Object, Object> {

        @Override
        public long expireAfterCreate(Object question, Object kept, long now) {
            return ((Kept) kept).life().toNanos();
        }

        @Override
        public long expireAfterUpdate(Object question, Object kept, long now, long left) {
            return expireAfterCreate(question, kept, now);
        }

        @Override
        public long expireAfterRead(Object question, Object kept, long now, long left) {
            return left;
        }
    }

    /** From an id, or a value of the external id where one is named, to the question that the cache is asked. */
    public void ask(Exchange exchange, String account, String object, String externalId, String fields) {
        Message message = exchange.getMessage();
        String value = message.getBody(String.class);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("A read takes the id of the record, or the value of its external id, as the"
                    + " body, but got nothing");
        }
        Question question = new Question(account, object, externalId.isBlank() ? null : externalId, value.strip(),
                new LinkedHashSet<>(SalesforceReads.names(fields)));
        exchange.setProperty(QUESTION, new Asked(question, drops.get()));
        message.setHeader(CaffeineConstants.KEY, question.key());
        message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_GET);
    }

    /** Whether the cache had an answer, which is counted. */
    public boolean isHit(Exchange exchange) {
        boolean hit = exchange.getMessage().getHeader(CaffeineConstants.ACTION_HAS_RESULT, false, Boolean.class);
        if (metrics != null) {
            Question question = question(exchange).question();
            metrics.counter("sluice.cache", "account", question.account(), "object", question.object(),
                    "result", hit ? "hit" : "miss").increment();
        }
        return hit;
    }

    /** Takes the record out of what the cache has, without a call. */
    public void cached(Exchange exchange) {
        Kept kept = exchange.getMessage().getBody(Kept.class);
        forgetQuestion(exchange);
        exchange.getMessage().setHeader(SalesforceCalls.STATUS, 200);
        exchange.getMessage().setHeader(CACHED, true);
        exchange.getMessage().setBody(kept.fields());
    }

    /** The path that reads the record; its id is always among the fields, or nobody could tell what to drop. */
    public void request(Exchange exchange, String apiVersion) {
        Question question = question(exchange).question();
        Set<String> fields = new LinkedHashSet<>(List.of("Id"));
        fields.addAll(question.fields());
        Message message = exchange.getMessage();
        forgetQuestion(exchange);
        message.setBody(null);
        message.setHeader(SalesforceCalls.METHOD, "GET");
        message.setHeader(SalesforceCalls.PATH, "/services/data/v" + apiVersion + "/sobjects/" + question.object() + "/"
                + (question.by() == null ? "" : question.by() + "/") + SalesforceRecords.segment(question.value())
                + "?fields=" + String.join(",", fields));
    }

    /**
     * The answer as a map of the fields, which the cache is asked to keep, unless something was dropped since it was
     * asked for; an answer that is none stays what it is.
     */
    public void read(Exchange exchange, String timeToLive) throws SQLException {
        Message message = exchange.getMessage();
        Asked asked = question(exchange);
        message.setHeader(CACHED, false);
        message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_CLEANUP);
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (!answer.ok() || answer.json().filter(json -> json.hasNonNull("Id")).isEmpty()) {
            return;
        }
        Map<String, Object> record = new LinkedHashMap<>(Json.fields(answer.body()));
        record.remove("attributes");
        message.setBody(record);
        Duration life = SalesforceCrm.time("timeToLive", timeToLive);
        if (!life.isZero()) {
            Kept kept = new Kept(asked.question(), record.get("Id").toString(), record,
                    Thrift.stretched(life, permits.spent(asked.question().account())));
            message.setHeader(CaffeineConstants.KEY, asked.question().key());
            message.setHeader(CaffeineConstants.VALUE, kept);
            message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_PUT);
        }
    }

    /** Takes the cache's own headers off; what was dropped while it was being kept goes again. */
    public void kept(Exchange exchange) {
        Asked asked = question(exchange);
        if (drops.get() != asked.drops()) {
            cache.invalidate(asked.question().key());
        }
        forgetQuestion(exchange);
        exchange.removeProperty(QUESTION);
    }

    /** Drops what the outcomes of a write, or the records that were read or heard of, say has changed. */
    public void drop(Exchange exchange, String account, String object) {
        if (!(exchange.getMessage().getBody() instanceof List<?> news) || news.isEmpty()) {
            return;
        }
        Set<String> names = new HashSet<>();
        for (Object one : news) {
            names.addAll(namesOf(one));
        }
        drops.incrementAndGet();
        cache.asMap().values().removeIf(one -> one instanceof Kept kept && kept.question().account().equals(account)
                && (object.isBlank() || kept.question().object().equals(object))
                && (names.contains(kept.question().value()) || names.contains(kept.crmId())));
    }

    private static List<String> namesOf(Object one) {
        List<String> names = new ArrayList<>();
        if (one instanceof Outcome outcome) {
            names.add(outcome.key());
            names.add(outcome.crmId());
        } else if (one instanceof Received received) {
            names.add(received.key());
            names.add(received.crmId());
        } else if (one instanceof Gone gone) {
            names.add(gone.crmId());
        }
        return names;
    }

    private static Asked question(Exchange exchange) {
        return exchange.getProperty(QUESTION, Asked.class);
    }

    private static void forgetQuestion(Exchange exchange) {
        exchange.getMessage().removeHeaders("CamelCaffeine*");
    }
}

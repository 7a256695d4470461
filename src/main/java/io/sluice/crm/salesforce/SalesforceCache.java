package io.sluice.crm.salesforce;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Gone;
import io.sluice.Outcome;
import io.sluice.Received;
import io.sluice.crm.Blame;
import io.sluice.crm.Permits;
import io.sluice.crm.Time;
import io.sluice.quota.Thrift;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.caffeine.CaffeineConstants;

/**
 * The steps of reading a record, or the fields of an object, through a cache. Each use of the Kamelet says how long an
 * answer may be kept; it is kept longer the less of the day's calls is left. What this process writes or hears of is
 * dropped at once, so that the time only bounds what a user of the CRM changes, or another replica writes, until this
 * process hears of it.
 */
public final class SalesforceCache {

    /** Header that says whether an answer came out of the cache. */
    public static final String CACHED = "SluiceCached";

    /** As the Kamelets' address of the cache names it. */
    static final String NAME = "salesforceAnswers";

    private static final String ASKED = "SluiceQuestion";
    private static final long LARGEST = 10_000;

    private record Kept(Question question, Question.Found found, Duration life) {

        boolean isOf(String account, String object) {
            return question.account().equals(account) && (object.isBlank() || question.object().equals(object));
        }
    }

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

    /** Each answer has a life of its own, which begins when it is read. */
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

    /** Asks for a record by its id, or by a value of the external id where one is named. */
    public void ask(Exchange exchange, String account, String object, String externalId, String fields) {
        String value = exchange.getMessage().getBody(String.class);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("A read takes the id of the record, or the value of its external id, as the"
                    + " body, but got nothing");
        }
        ask(exchange, new Question.OfRecord(account, object, externalId.isBlank() ? null : externalId, value.strip(),
                new LinkedHashSet<>(SalesforceReads.names(fields))));
    }

    /** Asks for the fields of an object. */
    public void ask(Exchange exchange, String account, String object) {
        ask(exchange, new Question.OfShape(account, object));
    }

    private void ask(Exchange exchange, Question question) {
        exchange.setProperty(ASKED, new Asked(question, drops.get()));
        exchange.getMessage().setHeader(CaffeineConstants.KEY, question.key());
        exchange.getMessage().setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_GET);
    }

    /** Whether the cache had an answer, which is counted. */
    public boolean isHit(Exchange exchange) {
        boolean hit = exchange.getMessage().getHeader(CaffeineConstants.ACTION_HAS_RESULT, false, Boolean.class);
        if (metrics != null) {
            Question question = asked(exchange).question();
            metrics.counter("sluice.cache", "account", question.account(), "object", question.object(), "operation",
                    question.operation(), "result", hit ? "hit" : "miss").increment();
        }
        return hit;
    }

    /** Takes the answer out of what the cache has, without a call. */
    public void cached(Exchange exchange) {
        Kept kept = exchange.getMessage().getBody(Kept.class);
        forgetQuestion(exchange);
        exchange.getMessage().setHeader(SalesforceCalls.STATUS, 200);
        exchange.getMessage().setHeader(CACHED, true);
        exchange.getMessage().setBody(kept.found().body());
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
        Question question = asked(exchange).question();
        message.setHeader(CACHED, false);
        message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_CLEANUP);
        Optional<Question.Found> found = question.found(SalesforceCalls.answer(exchange));
        if (found.isEmpty()) {
            return;
        }
        message.setBody(found.get().body());
        Duration life = Time.of("timeToLive", timeToLive);
        if (!life.isZero()) {
            message.setHeader(CaffeineConstants.KEY, question.key());
            message.setHeader(CaffeineConstants.VALUE,
                    new Kept(question, found.get(), Thrift.stretched(life, permits.spent(question.account()))));
            message.setHeader(CaffeineConstants.ACTION, CaffeineConstants.ACTION_PUT);
        }
    }

    /** Takes the cache's own headers off; what was dropped while it was being kept goes again. */
    public void kept(Exchange exchange) {
        Asked asked = asked(exchange);
        if (drops.get() != asked.drops()) {
            cache.invalidate(asked.question().key());
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
        Set<String> names = new HashSet<>();
        news.forEach(one -> names.addAll(namesOf(one)));
        boolean unlike = exchange.getMessage().getHeader(Blame.HEADER) == Blame.OBJECT
                || news.stream().anyMatch(one -> one instanceof Outcome outcome && Errors.isOfShape(outcome.code()));
        drop(kept -> kept.isOf(account, object) && (kept.found().names().stream().anyMatch(names::contains)
                || unlike && kept.question() instanceof Question.OfShape));
    }

    /** Drops the fields of an account's objects: an answer said that one of them is not as it was. */
    void dropShapes(String account) {
        drop(kept -> kept.isOf(account, "") && kept.question() instanceof Question.OfShape);
    }

    private void drop(Predicate<Kept> which) {
        drops.incrementAndGet();
        cache.asMap().values().removeIf(one -> one instanceof Kept kept && which.test(kept));
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

    private static Asked asked(Exchange exchange) {
        return exchange.getProperty(ASKED, Asked.class);
    }

    private static void forgetQuestion(Exchange exchange) {
        exchange.getMessage().removeHeaders("CamelCaffeine*");
    }
}

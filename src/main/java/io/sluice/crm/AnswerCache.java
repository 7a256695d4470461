package io.sluice.crm;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.quota.Backpressure;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a CRM answered: records as they were read, the shapes of objects. Each use says how long an answer may be kept; it
 * is kept longer the less of the day's calls is left. What this process writes or hears of is dropped at once, so that the
 * time only bounds what a user of the CRM changes, or another replica writes, until this process hears of it.
 */
public final class AnswerCache {

    private static final long LARGEST = 10_000;

    private final Cache<Object, Object> cache;
    private final Permits permits;
    private final MeterRegistry metrics;
    private final AtomicLong drops = new AtomicLong();

    /**
     * An answer that is kept.
     *
     * @param names by which it may be said to have changed: the CRM's id, and the value by which it was asked for
     * @param life  how long it may be kept from now on
     */
    public record Kept(String account, String object, Set<String> names, Object answer, Duration life) {

        /** @param ofObject blank: of any object */
        public boolean isOf(String ofAccount, String ofObject) {
            return account.equals(ofAccount) && (ofObject.isBlank() || object.equals(ofObject));
        }
    }

    /** @param metrics where hits and misses are counted, or null */
    public AnswerCache(Permits permits, MeterRegistry metrics, Ticker ticker) {
        this.permits = permits;
        this.metrics = metrics;
        this.cache = Caffeine.newBuilder().maximumSize(LARGEST).ticker(ticker).expireAfter(new Life()).build();
    }

    /** What was asked for to {@link Kept}. */
    public Cache<Object, Object> cache() {
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

    /** How long an answer may be kept of which it is said how long while calls are plenty. */
    public Duration life(String account, Duration timeToLive) throws SQLException {
        return timeToLive.isZero() ? timeToLive : Backpressure.stretched(timeToLive, permits.spent(account));
    }

    /**
     * Counts what was asked for.
     *
     * @param operation as the ledger names the call
     */
    public void count(String account, String object, String operation, boolean hits, int answers) {
        if (metrics != null && answers > 0) {
            metrics.counter("sluice.cache", "account", account, "object", object, "operation", operation, "result",
                    hits ? "hit" : "miss").increment(answers);
        }
    }

    /** How often something was dropped: what is asked of the CRM before that must not come in after it. */
    public long drops() {
        return drops.get();
    }

    /**
     * Drops what has changed.
     *
     * @param object blank: of any object
     * @param news   outcomes of a write, records that were read, or events; anything else says nothing
     */
    public void drop(String account, String object, Object news) {
        if (news instanceof Collection<?> all && !all.isEmpty()) {
            Set<String> changed = names(all);
            drop(kept -> kept.isOf(account, object) && kept.names().stream().anyMatch(changed::contains));
        }
    }

    /** Drops these, also where they are being asked for just now. */
    public void drop(Predicate<Kept> which) {
        drops.incrementAndGet();
        cache.asMap().values().removeIf(one -> one instanceof Kept kept && which.test(kept));
    }

    /** The names of the records of which there is news. */
    public static Set<String> names(Collection<?> news) {
        Set<String> names = new HashSet<>();
        news.forEach(one -> names.addAll(names(one)));
        return names;
    }

    private static List<String> names(Object one) {
        Stream<String> names = Stream.empty();
        if (one instanceof Outcome outcome) {
            names = Stream.of(outcome.key(), outcome.crmId());
        } else if (one instanceof CrmRecord crmRecord) {
            names = Stream.of(crmRecord.key(), crmRecord.crmId());
        } else if (one instanceof DeletedRecord deletedRecord) {
            names = Stream.of(deletedRecord.crmId());
        } else if (one instanceof CrmEvent crmEvent) {
            names = Stream.of(crmEvent.crmId());
        }
        return names.filter(Objects::nonNull).toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.quota.Backpressure;
import io.sluice.quota.SavedCalls;
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
 * Caches answers of a CRM: records and the shapes of objects. Each use states how long an answer may be kept; the less
 * of the day's quota is left, the longer it is kept. A write by this process or an event drops the answer at once, so
 * the time only bounds changes by a user of the CRM, or by another replica, until this process learns of them.
 */
public final class AnswerCache {

    private static final long MAX_ENTRIES = 10_000;

    private final Cache<Object, Object> cache;
    private final Permits permits;
    private final MeterRegistry metrics;
    private final SavedCalls savedCalls;
    private final AtomicLong drops = new AtomicLong();

    /**
     * Holds a cached answer.
     *
     * @param names the names by which a change is recognised: the CRM's id, and the requested value
     * @param life  how long the answer may be kept from now on
     */
    public record Kept(String account, String object, Set<String> names, Object answer, Duration life) {

        /** @param ofObject the object; blank for any object */
        public boolean isOf(String ofAccount, String ofObject) {
            return account.equals(ofAccount) && (ofObject.isBlank() || object.equals(ofObject));
        }
    }

    /**
     * @param metrics    the registry in which hits and misses are counted, or null
     * @param savedCalls the counter of the calls that the cache saves, or null
     */
    public AnswerCache(Permits permits, MeterRegistry metrics, SavedCalls savedCalls, Ticker ticker) {
        this.permits = permits;
        this.metrics = metrics;
        this.savedCalls = savedCalls;
        this.cache = Caffeine.newBuilder()
                .maximumSize(MAX_ENTRIES)
                .ticker(ticker)
                .expireAfter(new Life())
                .build();
    }

    /** Returns the cache, from keys to {@link Kept}. */
    public Cache<Object, Object> cache() {
        return cache;
    }

    /** Expires each answer after its own life, which begins when it is cached. */
    private static final class Life implements Expiry<Object, Object> {

        @Override
        public long expireAfterCreate(Object key, Object kept, long now) {
            return ((Kept) kept).life().toNanos();
        }

        @Override
        public long expireAfterUpdate(Object key, Object kept, long now, long left) {
            return expireAfterCreate(key, kept, now);
        }

        @Override
        public long expireAfterRead(Object key, Object kept, long now, long left) {
            return left;
        }
    }

    /** Returns how long an answer may be kept, given the time while plenty of quota is left. */
    public Duration life(String account, Duration timeToLive) throws SQLException {
        return timeToLive.isZero() ? timeToLive : Backpressure.stretched(timeToLive, permits.spent(account));
    }

    /**
     * Counts hits or misses. Both counters exist from the first of either on, so that the share of the hits is 0, not absent,
     * while all are misses.
     *
     * @param operation the operation, as the ledger names the call
     */
    public void count(String account, String object, String operation, boolean hits, int answers) {
        if (metrics != null && answers > 0) {
            Tags tags = Tags.of("account", account, "object", object, "operation", operation);
            gets(tags.and("result", "hit")).increment(hits ? answers : 0);
            gets(tags.and("result", "miss")).increment(hits ? 0 : answers);
        }
    }

    private Counter gets(Tags tags) {
        return Counter.builder("sluice.cache.gets")
                .description("Answers of a CRM that were looked up in the cache")
                .tags(tags)
                .register(metrics);
    }

    /** Counts a call that was not made because the cache had its whole answer. */
    public void saved(String account, String object) {
        if (savedCalls != null) {
            savedCalls.add(SavedCalls.Reason.CACHING, account, object, 1);
        }
    }

    /** Returns the number of drops: an answer that was requested before a drop must not be cached after it. */
    public long drops() {
        return drops.get();
    }

    /**
     * Drops the answers that changed.
     *
     * @param object  the object; blank for any object
     * @param changes outcomes of a write, records that were read, or events; anything else drops nothing
     */
    public void drop(String account, String object, Object changes) {
        if (changes instanceof Collection<?> all && !all.isEmpty()) {
            Set<String> changed = names(all);
            drop(kept -> kept.isOf(account, object) && kept.names().stream().anyMatch(changed::contains));
        }
    }

    /** Drops the answers that match, also where they are being requested just now. */
    public void drop(Predicate<Kept> which) {
        drops.incrementAndGet();
        cache.asMap().values().removeIf(one -> one instanceof Kept kept && which.test(kept));
    }

    /** Returns the names of the changed records. */
    public static Set<String> names(Collection<?> changes) {
        Set<String> names = new HashSet<>();
        changes.forEach(one -> names.addAll(names(one)));
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

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.google.common.util.concurrent.RateLimiter;
import io.github.bucket4j.BlockingBucket;
import io.github.bucket4j.Bucket;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.sluice.quota.Limit;
import java.time.Duration;

/** Configures the limiters of other libraries, each as its manual says. */
final class OtherLimiters {

    private static final Duration LONGER_THAN_A_RUN = Duration.ofDays(1);

    private OtherLimiters() {}

    static Limiter bucket4jGreedy(Limit limit) {
        return bucket4j(Bucket.builder()
                .addLimit(bandwidth -> bandwidth.capacity(limit.max()).refillGreedy(limit.max(), limit.window()))
                .build());
    }

    static Limiter bucket4jInterval(Limit limit) {
        return bucket4j(Bucket.builder()
                .addLimit(bandwidth -> bandwidth.capacity(limit.max()).refillIntervally(limit.max(), limit.window()))
                .build());
    }

    private static Limiter bucket4j(Bucket bucket) {
        BlockingBucket blocking = bucket.asBlocking();
        return call -> {
            blocking.consume(1);
            call.call();
        };
    }

    static Limiter resilience4j(Limit limit) {
        var limiter = io.github.resilience4j.ratelimiter.RateLimiter.of(
                "bench",
                RateLimiterConfig.custom()
                        .limitForPeriod(Math.toIntExact(limit.max()))
                        .limitRefreshPeriod(limit.window())
                        .timeoutDuration(LONGER_THAN_A_RUN)
                        .build());
        return call -> limiter.executeCallable(call);
    }

    static Limiter guava(Limit limit) {
        RateLimiter limiter =
                RateLimiter.create(limit.max() * 1000.0 / limit.window().toMillis());
        return call -> {
            limiter.acquire();
            call.call();
        };
    }
}

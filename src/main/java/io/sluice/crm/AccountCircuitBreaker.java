// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.sluice.quota.Permit;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Exchange;

/**
 * Lets the circuit breaker step of a Kamelet use the circuit breaker of the account whose call it makes. Camel's step has one
 * breaker, but a Kamelet may call several accounts, and an outage of one must not stop the others. The step {@link #select}
 * directly before it names the account for the thread.
 *
 * <p>An open breaker permits no call. The result of a call is not judged here: {@link Accounts} knows from the answer whether
 * it concerns the account, and opens or closes the breaker.
 */
public final class AccountCircuitBreaker implements CircuitBreaker {

    private final Accounts accounts;
    private final CircuitBreaker none = CircuitBreaker.ofDefaults("account");
    private final ThreadLocal<CircuitBreaker> selected = ThreadLocal.withInitial(() -> none);

    public AccountCircuitBreaker(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Selects the account of this thread's next call: the permit's, or else that of the Kamelet. */
    public void select(Exchange exchange, String account) {
        String called =
                exchange.getMessage().getHeader(Permits.PERMIT) instanceof Permit permit ? permit.account() : account;
        selected.set(accounts.circuitBreaker(called));
    }

    @Override
    public boolean tryAcquirePermission() {
        return selected.get().tryAcquirePermission();
    }

    @Override
    public void acquirePermission() {
        selected.get().acquirePermission();
    }

    @Override
    public void releasePermission() {
        selected.get().releasePermission();
    }

    @Override
    public void onError(long duration, TimeUnit unit, Throwable failure) {
        releasePermission();
    }

    @Override
    public void onSuccess(long duration, TimeUnit unit) {
        releasePermission();
    }

    @Override
    public void onResult(long duration, TimeUnit unit, Object result) {
        releasePermission();
    }

    @Override
    public void reset() {
        selected.get().reset();
    }

    @Override
    public void transitionToClosedState() {
        selected.get().transitionToClosedState();
    }

    @Override
    public void transitionToOpenState() {
        selected.get().transitionToOpenState();
    }

    @Override
    public void transitionToOpenStateFor(Duration wait) {
        selected.get().transitionToOpenStateFor(wait);
    }

    @Override
    public void transitionToOpenStateUntil(Instant until) {
        selected.get().transitionToOpenStateUntil(until);
    }

    @Override
    public void transitionToHalfOpenState() {
        selected.get().transitionToHalfOpenState();
    }

    @Override
    public void transitionToDisabledState() {
        selected.get().transitionToDisabledState();
    }

    @Override
    public void transitionToMetricsOnlyState() {
        selected.get().transitionToMetricsOnlyState();
    }

    @Override
    public void transitionToForcedOpenState() {
        selected.get().transitionToForcedOpenState();
    }

    @Override
    public String getName() {
        return selected.get().getName();
    }

    @Override
    public State getState() {
        return selected.get().getState();
    }

    @Override
    public CircuitBreakerConfig getCircuitBreakerConfig() {
        return selected.get().getCircuitBreakerConfig();
    }

    @Override
    public Metrics getMetrics() {
        return selected.get().getMetrics();
    }

    @Override
    public Map<String, String> getTags() {
        return selected.get().getTags();
    }

    @Override
    public EventPublisher getEventPublisher() {
        return selected.get().getEventPublisher();
    }

    @Override
    public long getCurrentTimestamp() {
        return selected.get().getCurrentTimestamp();
    }

    @Override
    public TimeUnit getTimestampUnit() {
        return selected.get().getTimestampUnit();
    }
}

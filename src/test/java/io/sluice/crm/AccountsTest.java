// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.sluice.quota.Pool;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountsTest {

    private static final String CRM = "crm";

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private Accounts accounts = accounts(() -> now);

    @Test
    void anAccountIsReadyOnlyOnceItsObjectsAreChecked() {
        assertThat(accounts.ready()).isEmpty();
        assertThat(accounts.problem(CRM)).isEqualTo("not checked yet");

        accounts.recordAnswer(CRM, 200, null);
        assertThat(accounts.ready()).isEmpty();
        assertThat(accounts.problem(CRM)).isEqualTo("its objects and fields are not checked yet");

        accounts.checked(CRM);
        assertThat(accounts.ready()).containsExactly(CRM);
        assertThat(accounts.problem(CRM)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 403, 429, 500, 502, 503, 504})
    void anAnswerThatConcernsTheAccountStartsABackoff(int status) {
        accounts.checked(CRM);
        accounts.recordAnswer(CRM, status, "what it said");

        assertThat(accounts.ready()).isEmpty();
        assertThat(accounts.problem(CRM)).isEqualTo("what it said");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 300, 400, 404, 409, 415})
    void anAnswerThatConcernsTheRequestDoesNot(int status) {
        accounts.checked(CRM);
        accounts.recordAnswer(CRM, status, "this request is wrong");

        assertThat(accounts.ready()).containsExactly(CRM);
        assertThat(accounts.problem(CRM)).isNull();
    }

    @Test
    void eachAccountHasItsOwnBackoff() {
        accounts.checked(CRM);
        accounts.checked("other");
        accounts.recordAnswer(CRM, 503, "down");

        assertThat(accounts.ready()).containsExactly("other");
    }

    @Property
    void aBackoffLastsBetweenHalfAndAllOfACeilingThatDoublesUpToHalfAMinute(
            @ForAll @IntRange(min = 1, max = 100) int failures) {
        accounts = accounts(() -> now);
        accounts.checked(CRM);
        for (int i = 0; i < failures; i++) {
            accounts.recordAnswer(CRM, 503, "down");
        }
        long ceiling = Math.min(30_000, 500L << Math.min(failures - 1, 10));

        now = now.plusMillis(ceiling / 2 - 1);
        assertThat(accounts.ready()).as("before half of " + ceiling + " ms").isEmpty();
        now = now.plusMillis(ceiling - ceiling / 2 + 1);
        assertThat(accounts.ready()).as("after " + ceiling + " ms").containsExactly(CRM);
    }

    @Test
    void anAnswerEndsTheBackoffAndTheNextOneIsShortAgain() {
        accounts.checked(CRM);
        for (int i = 0; i < 8; i++) {
            accounts.recordAnswer(CRM, 503, "down");
        }
        accounts.recordAnswer(CRM, 200, null);
        assertThat(accounts.ready()).containsExactly(CRM);
        assertThat(accounts.problem(CRM)).isNull();

        accounts.recordAnswer(CRM, 503, "down again");
        now = now.plus(Duration.ofMillis(500));
        assertThat(accounts.ready()).containsExactly(CRM);
    }

    /** Shows that the pipeline and the Kamelets see one circuit breaker. */
    @Test
    void theCircuitBreakerIsOpenDuringTheBackoffAndHalfOpenUntilAnAnswer() {
        CircuitBreaker circuitBreaker = accounts.circuitBreaker(CRM);
        accounts.checked(CRM);
        assertThat(circuitBreaker.tryAcquirePermission()).isTrue();

        accounts.recordAnswer(CRM, 503, "down");
        assertThat(circuitBreaker.getState()).isEqualTo(CircuitBreaker.State.OPEN);
        assertThat(circuitBreaker.tryAcquirePermission()).isFalse();
        assertThat(accounts.ready()).isEmpty();
        assertThat(accounts.circuitBreaker("other").tryAcquirePermission())
                .as("of another account")
                .isTrue();

        now = now.plusMillis(501);
        assertThat(accounts.ready()).containsExactly(CRM);
        assertThat(circuitBreaker.tryAcquirePermission()).isTrue();
        assertThat(circuitBreaker.getState()).isEqualTo(CircuitBreaker.State.HALF_OPEN);

        accounts.recordAnswer(CRM, 0, "no answer");
        assertThat(circuitBreaker.getState()).isEqualTo(CircuitBreaker.State.OPEN);
        now = now.plusMillis(1001);
        assertThat(circuitBreaker.tryAcquirePermission()).isTrue();
        accounts.recordAnswer(CRM, 200, null);
        assertThat(circuitBreaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void aResumedAccountIsCalledAtOnce() {
        accounts.checked(CRM);
        accounts.recordAnswer(CRM, 503, "down");
        accounts.tryNow(CRM);
        assertThat(accounts.ready()).containsExactly(CRM);
        assertThat(accounts.circuitBreaker(CRM).tryAcquirePermission()).isTrue();
    }

    @Test
    void aCheckDoesNotEndABackoff() {
        accounts.recordAnswer(CRM, 503, "down");
        accounts.checked(CRM);

        assertThat(accounts.ready()).isEmpty();
        assertThat(accounts.problem(CRM)).isEqualTo("down");
    }

    /** Shows that a check is kept; otherwise the account would never be ready again. */
    @Test
    void aCheckThatEndsWhileACallFailsIsKept() {
        accounts = accounts(() -> {
            accounts.checked(CRM);
            return now;
        });
        accounts.recordAnswer(CRM, 503, "down");
        accounts.recordAnswer(CRM, 200, null);

        assertThat(accounts.problem(CRM)).isNull();
    }

    private static Accounts accounts(InstantSource clock) {
        return new Accounts(
                List.of(
                        new Account(CRM, null, Pool.of(CRM, List.of()), false),
                        new Account("other", null, Pool.of("other", List.of()), false)),
                clock);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.ConflictRule;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class MergeTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

    /** Few values, so that equal ones are frequent; each in a form that either side may write. */
    @Provide
    Arbitrary<Object> values() {
        return Arbitraries.<Object>of("a", "b", "c", 1, 2).injectNull(0.2);
    }

    @Provide
    Arbitrary<Instant> times() {
        return Arbitraries.integers().between(-3, 3).map(NOON::plusSeconds);
    }

    private static Field field(Object base, Object crm, Instant crmAt, Object ours, Instant oursAt) {
        return new Field(new Agreed(base), crm, crmAt, ours, oursAt);
    }

    @Property
    void anEchoOfOurOwnWriteChangesNothing(
            @ForAll("values") Object written,
            @ForAll("values") Object ours,
            @ForAll("times") Instant crmAt,
            @ForAll("times") Instant oursAt,
            @ForAll ConflictRule conflictRule) {
        assertThat(Merge.decide(field(written, written, crmAt, ours, oursAt), conflictRule))
                .isEqualTo(Decision.UNCHANGED);
    }

    @Property
    void aChangeOfTheCrmAloneIsTakenWhateverTheRule(
            @ForAll("values") Object base,
            @ForAll("values") Object crm,
            @ForAll("times") Instant crmAt,
            @ForAll("times") Instant oursAt,
            @ForAll ConflictRule conflictRule) {
        Decision expected = Objects.equals(base, crm) ? Decision.UNCHANGED : Decision.TAKEN;
        assertThat(Merge.decide(field(base, crm, crmAt, base, null), conflictRule))
                .isEqualTo(Merge.decide(field(base, crm, crmAt, base, oursAt), conflictRule))
                .isEqualTo(expected);
    }

    @Property
    void bothSidesWithTheSameValueAreNoConflict(
            @ForAll("values") Object base,
            @ForAll("values") Object value,
            @ForAll("times") Instant crmAt,
            @ForAll("times") Instant oursAt,
            @ForAll ConflictRule conflictRule) {
        assertThat(Merge.decide(field(base, value, crmAt, value, oursAt), conflictRule))
                .isIn(Decision.UNCHANGED, Decision.AGREED);
    }

    @Property
    void theRuleDecidesBetweenTwoChanges(
            @ForAll("values") Object base,
            @ForAll("values") Object crm,
            @ForAll("values") Object ours,
            @ForAll("times") Instant crmAt,
            @ForAll("times") Instant oursAt) {
        net.jqwik.api.Assume.that(
                !Objects.equals(base, crm) && !Objects.equals(base, ours) && !Objects.equals(crm, ours));
        Field field = field(base, crm, crmAt, ours, oursAt);

        assertThat(Merge.decide(field, ConflictRule.CRM)).isEqualTo(Decision.CRM_WINS);
        assertThat(Merge.decide(field, ConflictRule.DATABASE)).isEqualTo(Decision.DATABASE_WINS);
        assertThat(Merge.decide(field, ConflictRule.LATEST))
                .isEqualTo(oursAt.isAfter(crmAt) ? Decision.DATABASE_WINS : Decision.CRM_WINS);
    }

    @Example
    void withoutABaseOnlyOurValueIsCertainlyAChange() {
        Field unknown = new Field(null, "c", NOON.plusSeconds(1), "o", NOON);

        assertThat(Merge.decide(unknown, ConflictRule.LATEST)).isEqualTo(Decision.DATABASE_WINS);
        assertThat(Merge.decide(unknown, ConflictRule.CRM)).isEqualTo(Decision.CRM_WINS);
        assertThat(Merge.decide(new Field(null, "c", NOON, "o", null), ConflictRule.LATEST))
                .isEqualTo(Decision.TAKEN);
        assertThat(Merge.decide(new Field(null, "c", NOON, "c", NOON), ConflictRule.LATEST))
                .isEqualTo(Decision.AGREED);
    }

    @Example
    void theCrmsChangeIsTheLatestOfTwoInOneSecond() {
        Field cut = field("a", "c", NOON, "o", NOON.plusMillis(900));

        assertThat(Merge.decide(cut, ConflictRule.LATEST)).isEqualTo(Decision.CRM_WINS);
    }

    enum Step {
        EDIT_OURS,
        EDIT_CRM,
        SEND,
        RECEIVE
    }

    /** Edits, sends and polls in any order: when they stop, both sides are equal. */
    @Property(tries = 2000)
    void bothSidesConvergeWhateverTheOrder(
            @ForAll List<Step> steps, @ForAll ConflictRule conflictRule, @ForAll long seed) {
        Pair pair = new Pair(conflictRule, new java.util.Random(seed));
        steps.forEach(pair::play);
        List.of(Step.RECEIVE, Step.SEND, Step.RECEIVE).forEach(pair::play);

        assertThat(pair.ours).isEqualTo(pair.crm).isEqualTo(pair.base);
        assertThat(pair.oursAt).isNull();
        int calls = pair.calls;
        List.of(Step.RECEIVE, Step.SEND, Step.RECEIVE).forEach(pair::play);
        assertThat(pair.calls).as("a settled pair causes no call").isEqualTo(calls);
    }

    /** One field of a record on both sides, with the decisions of sending and applying. */
    private static final class Pair {

        private final ConflictRule conflictRule;
        private final java.util.Random random;
        private Object base = "a";
        private Object crm = "a";
        private Object ours = "a";
        private Instant crmAt = NOON;
        private Instant oursAt;
        private Instant now = NOON;
        private int calls;

        Pair(ConflictRule conflictRule, java.util.Random random) {
            this.conflictRule = conflictRule;
            this.random = random;
        }

        void play(Step step) {
            now = now.plusMillis(random.nextInt(1500));
            switch (step) {
                case EDIT_OURS -> {
                    ours = "abc".charAt(random.nextInt(3)) + "";
                    oursAt = now;
                }
                case EDIT_CRM -> {
                    crm = "abc".charAt(random.nextInt(3)) + "";
                    crmAt = now.truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
                }
                case SEND -> send();
                case RECEIVE -> receive();
            }
        }

        private void send() {
            if (oursAt != null && !Values.same(base, ours)) {
                crm = ours;
                crmAt = now.truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
                base = ours;
                calls++;
            }
            oursAt = null;
        }

        private void receive() {
            Decision decision = Merge.decide(field(base, crm, crmAt, ours, oursAt), conflictRule);
            if (decision.writes()) {
                ours = crm;
            }
            if (decision.writes() || decision == Decision.AGREED) {
                oursAt = null;
            }
            base = decision == Decision.UNCHANGED ? base : crm;
        }
    }
}

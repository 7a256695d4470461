// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DeadLetterRetriesTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final DeadLetterRetries retries =
            new DeadLetterRetries(DATABASE.sluice(), new Backoff(Duration.ofMinutes(10), Duration.ofHours(6)));
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        DATABASE.run("delete from sluice.dead_letter_retry");
    }

    private static void letters(int count, String code, String prefix) throws SQLException {
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code, rejected_fields)"
                        + " select 'crm', 'Contact', '" + prefix + "' || i, 'contacts', 'upsert', '{\"A\": 1}', '{}', '"
                        + code
                        + "', array['A'] from generate_series(1, " + count + ") as i");
    }

    private static long number(String sql) throws SQLException {
        return DATABASE.sluice().first(sql, row -> row.getLong(1)).orElseThrow();
    }

    private static long dead() throws SQLException {
        return number("select count(*) from sluice.dead_letter");
    }

    private static void due() throws SQLException {
        DATABASE.run("update sluice.dead_letter_retry set due = now()");
    }

    /** @return number of records sent */
    private int send(boolean taken) throws SQLException {
        int sent = 0;
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            List<RecordChange> changes = claim.get().changes();
            sent += changes.size();
            settlement.settle(
                    claim.get(),
                    changes.stream()
                            .map(change -> taken
                                    ? Outcome.done(change.key(), "id-" + change.key())
                                    : Outcome.rejected(change.key(), "NO_OPTION", "no")
                                            .withFields(List.of("A")))
                            .toList());
        }
        return sent;
    }

    private Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 100, Priority.LOW);
    }

    @Test
    void oneLetterIsRetriedWithABackoffAndAllAreReplayedOnceItIsAccepted() throws SQLException {
        letters(1_500, "NO_OPTION", "k");
        letters(6, "OTHER", "other");
        retries.retry();
        assertThat(dead()).as("no letter is retried at once").isEqualTo(1_506);
        long first = number(
                "select extract(epoch from max(due) - now()) from sluice.dead_letter_retry where code = 'NO_OPTION'");
        assertThat(first).isBetween(290L, 610L);

        DATABASE.run("update sluice.dead_letter_retry set due = now() where code = 'NO_OPTION'");
        retries.retry();
        assertThat(dead()).isEqualTo(1_505);
        assertThat(send(false)).isEqualTo(1);
        assertThat(dead()).isEqualTo(1_506);
        retries.retry();
        assertThat(send(false)).as("the next retry waits").isZero();
        assertThat(
                        number(
                                "select extract(epoch from max(due) - now()) from sluice.dead_letter_retry where code = 'NO_OPTION'"))
                .isBetween(590L, 1210L);

        DATABASE.run("update sluice.dead_letter_retry set due = now() where code = 'NO_OPTION'");
        retries.retry();
        assertThat(send(true)).isEqualTo(1);
        retries.retry();
        assertThat(dead()).as("letters of the other cause").isEqualTo(6);
        assertThat(send(true)).isEqualTo(1_499);
        retries.retry();
        assertThat(number("select count(*) from sluice.dead_letter_retry")).isEqualTo(1);
    }

    @Test
    void fewLettersAndEditedOnesAreLeftToOperators() throws SQLException {
        letters(4, "NO_OPTION", "k");
        letters(6, "OTHER", "other");
        DATABASE.run(
                "update sluice.dead_letter set edited_fields = array['A'] where code = 'OTHER' and key > 'other2'");
        retries.retry();
        due();
        retries.retry();

        assertThat(dead()).isEqualTo(10);
    }

    @Test
    void aRecordThatWasDeletedMeanwhileProvesNothing() throws SQLException {
        letters(10, "NO_OPTION", "k");
        retries.retry();
        due();
        retries.retry();
        DATABASE.run("delete from sluice.outbox");
        retries.retry();
        retries.retry();

        assertThat(dead()).isEqualTo(9);
    }
}

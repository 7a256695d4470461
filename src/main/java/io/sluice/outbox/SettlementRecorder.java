// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import java.util.List;

/** Measures what became of the records of a call. */
public interface SettlementRecorder {

    /** Measures nothing. */
    SettlementRecorder NONE = new SettlementRecorder() {
        @Override
        public void settled(Claim claim, List<SettledRecord> records) {
            // no metrics
        }

        @Override
        public void unanswered(Claim claim, int records) {
            // no metrics
        }
    };

    /** Returns a recorder that passes everything to two. */
    static SettlementRecorder both(SettlementRecorder first, SettlementRecorder second) {
        return new SettlementRecorder() {
            @Override
            public void settled(Claim claim, List<SettledRecord> records) {
                first.settled(claim, records);
                second.settled(claim, records);
            }

            @Override
            public void unanswered(Claim claim, int records) {
                first.unanswered(claim, records);
                second.unanswered(claim, records);
            }
        };
    }

    /** Records settled records, after the commit. */
    void settled(Claim claim, List<SettledRecord> records);

    /** Records the number of records that got no answer and so stay in flight until their lease ends. */
    void unanswered(Claim claim, int records);
}

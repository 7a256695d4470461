// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import io.sluice.alert.AlertEvaluation;
import io.sluice.capture.Capture;
import io.sluice.crm.Accounts;
import io.sluice.receive.JournalPoller;

/** Observes the problems that this process keeps in memory. */
record AlertObserver(Accounts accounts, Capture capture, JournalPoller journalPoller)
        implements AlertEvaluation.Observer {

    @Override
    public String accountProblem(String account) {
        return accounts.problem(account);
    }

    @Override
    public boolean isLoginRejected(String account) {
        return accounts.isLoginRejected(account);
    }

    @Override
    public String captureProblem(Sync sync) {
        return capture.problem(sync);
    }

    @Override
    public String journalProblem(String account) {
        return journalPoller.problem(account);
    }
}

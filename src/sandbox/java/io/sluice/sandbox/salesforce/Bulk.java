// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobFailedException;
import io.sluice.sandbox.salesforce.bulk.JobSpec;
import io.sluice.sandbox.salesforce.bulk.JobStore;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Background;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Limiter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the jobs of Bulk API 2.0 and runs them on worker threads. A job that a restart interrupted continues where it
 * was.
 */
final class Bulk implements IngestRun.Surroundings, AutoCloseable {

    /** Operations by which faults name the jobs. */
    static final String INGEST_JOB = "bulkJob";

    static final String QUERY_JOB = "bulkQueryJob";

    private static final Logger LOG = LoggerFactory.getLogger(Bulk.class);
    private static final int WORKERS = 2;
    private static final int SECONDS_TO_STOP = 30;

    private final Accounts accounts;
    private final LongSupplier clockMicros;
    private final JobStore jobs;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final ExecutorService workers = Executors.newFixedThreadPool(WORKERS, work -> {
        Thread thread = new Thread(work, "sandbox-bulk");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Loads the jobs of earlier runs.
     *
     * @param folder where jobs are kept
     */
    Bulk(Accounts accounts, Path folder, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.clockMicros = clockMicros;
        try {
            jobs = new JobStore(folder, this::millis);
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox can't keep bulk jobs in " + folder + ".", e);
        }
        jobs.all().forEach((name, all) -> accounts.find(name)
                .ifPresent(account -> all.stream().filter(Job::isQueued).forEach(job -> submit(account, job))));
    }

    JobStore jobs() {
        return jobs;
    }

    long millis() {
        return clockMicros.getAsLong() / 1000;
    }

    /** Queues a job whose data is complete. */
    void submit(Account account, Job job) {
        workers.execute(() -> run(account, job));
    }

    /** Spends a call of the daily limit in addition to the current one. */
    boolean spendCall(Account account) {
        return accounts.spend(account, Limiter.DAILY);
    }

    boolean spendQueryJob(Account account) {
        return accounts.spend(account, SalesforceDefaults.BULK_QUERY_JOBS);
    }

    @Override
    public boolean spendBatch(Account account) {
        return accounts.spend(account, SalesforceDefaults.BULK_BATCHES);
    }

    @Override
    public boolean pause(long millis) {
        try {
            return stopping.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Lets each worker finish its current rows: an interrupt would close the files it uses. */
    @Override
    public void close() {
        stopping.countDown();
        workers.shutdown();
        try {
            if (!workers.awaitTermination(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
                LOG.warn("A bulk job is still at work {} seconds after the sandbox was stopped.", SECONDS_TO_STOP);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(Account account, Job job) {
        if (pause(0) || !job.begin()) {
            return;
        }
        try {
            if (job.spec().type() == JobSpec.Type.INGEST) {
                Background work = accounts.background(
                        account, INGEST_JOB, job.spec().object(), job.spec().id());
                if (!new IngestRun(account, job, work, this).run()) {
                    return;
                }
            } else {
                Background work = accounts.background(
                        account, QUERY_JOB, job.spec().object(), job.spec().id());
                if (pause(work.strikeNamed(Fault.Kind.SLOW)
                        .map(Fault::delayMillis)
                        .orElse(0L))) {
                    return;
                }
                new QueryRun(account.store(), job).run(work.strike(Fault.Kind.JOB_FAILS));
            }
            job.complete();
        } catch (JobFailedException e) {
            job.fail(e.getMessage());
        } catch (IOException | RuntimeException e) {
            LOG.error("The sandbox failed on bulk job {}.", job.spec().id(), e);
            job.fail("InternalServerError : An unexpected error occurred in the sandbox.");
        }
    }
}

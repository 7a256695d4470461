// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * A job and where it stands. Every change of state is on disk before it is answered, so that a job outlives a restart
 * wherever the records do.
 */
public final class Job {

    private final JobSpec spec;
    private final JobFolder folder;
    private final LongSupplier clockMillis;
    private JobState state;
    private long modified;
    private long processed;
    private long failed;
    private long activeMillis;
    private String errorMessage;
    private boolean deleted;

    /** Where a job stands at one moment; times in milliseconds. */
    public record Status(
            JobState state, long modified, long processed, long failed, long activeMillis, String errorMessage) {}

    Job(JobSpec spec, JobFolder folder, LongSupplier clockMillis, JobState state) {
        this.spec = spec;
        this.folder = folder;
        this.clockMillis = clockMillis;
        this.state = state;
        this.modified = spec.created();
    }

    public JobSpec spec() {
        return spec;
    }

    JobFolder folder() {
        return folder;
    }

    public synchronized Status status() {
        return new Status(state, modified, processed, failed, activeMillis, errorMessage);
    }

    public synchronized boolean isUploaded() {
        return Files.exists(folder.upload());
    }

    /** Whether it waits for a worker, or was in the hands of one when the sandbox stopped. */
    public synchronized boolean isQueued() {
        return state == JobState.UPLOAD_COMPLETE || state == JobState.IN_PROGRESS;
    }

    /** Takes over the file with the job's rows, once. */
    public synchronized void upload(Path file) {
        if (state != JobState.OPEN) {
            throw JobRefusedException.state("Uploading data to a job in state " + state.wireName() + " not allowed");
        }
        if (isUploaded()) {
            throw new JobRefusedException(
                    "INVALIDJOB",
                    "Found multiple contents for job: <" + spec.id()
                            + ">, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you "
                            + "only do 'PUT' once on a given Job.");
        }
        try {
            Files.move(file, folder.upload());
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox can't keep the upload of job " + spec.id() + ".", e);
        }
        save();
    }

    /** No more data comes: the job is queued. */
    public synchronized void close() {
        if (state != JobState.OPEN) {
            throw JobRefusedException.state("Closing already " + named(state) + " Job not allowed");
        }
        if (!isUploaded()) {
            throw new JobRefusedException("INVALIDJOB", "No data was uploaded for job: <" + spec.id() + ">");
        }
        move(JobState.UPLOAD_COMPLETE);
    }

    /** No more rows are tried; those that were written stay. */
    public synchronized void abort() {
        if (state.isLast()) {
            throw JobRefusedException.state("Aborting already " + named(state) + " Job not allowed");
        }
        move(JobState.ABORTED);
    }

    /** The job and its data are gone; a worker that still holds it finds it over. */
    synchronized void delete() {
        if (state == JobState.OPEN || state == JobState.IN_PROGRESS) {
            throw JobRefusedException.state("Deleting a job in state " + state.wireName() + " not allowed");
        }
        if (!state.isLast()) {
            state = JobState.ABORTED;
        }
        deleted = true;
        folder.delete();
    }

    /** A worker takes the job up, or again after a restart; false when it is over by now. */
    public synchronized boolean begin() {
        if (state.isLast()) {
            return false;
        }
        move(JobState.IN_PROGRESS);
        return true;
    }

    /** Rows were tried; false when the job is over by now and the rest shall not be. */
    public synchronized boolean progress(long rows, long failedRows, long millis) {
        processed += rows;
        failed += failedRows;
        activeMillis += millis;
        modified = clockMillis.getAsLong();
        if (state.isLast()) {
            save();
        }
        return !state.isLast();
    }

    public synchronized void complete() {
        if (!state.isLast()) {
            move(JobState.JOB_COMPLETE);
        }
    }

    public synchronized void fail(String message) {
        if (!state.isLast()) {
            errorMessage = message;
            move(JobState.FAILED);
        }
    }

    /** Takes over what was kept; the outcomes are ahead of the description of a job that was cut in its work. */
    synchronized void restore(JsonNode description, OutcomeLog.Count outcomes) {
        modified = description.path("modified").asLong();
        activeMillis = description.path("activeMillis").asLong();
        errorMessage = description.path("errorMessage").asText(null);
        processed = Math.max(description.path("processed").asLong(), outcomes.rows());
        failed = Math.max(description.path("failed").asLong(), outcomes.failed());
    }

    synchronized void save() {
        if (deleted) {
            return;
        }
        ObjectNode job = JsonNodeFactory.instance.objectNode();
        job.put("id", spec.id())
                .put("type", spec.type().name())
                .put("operation", spec.operation())
                .put("object", spec.object())
                .put("externalId", spec.externalId())
                .put("query", spec.query())
                .put("version", spec.version())
                .put("delimiter", spec.format().delimiter().name())
                .put("lineEnding", spec.format().lineEnding().name())
                .put("created", spec.created())
                .put("createdBy", spec.createdBy());
        job.put("state", state.wireName())
                .put("modified", modified)
                .put("processed", processed)
                .put("failed", failed)
                .put("activeMillis", activeMillis)
                .put("errorMessage", errorMessage);
        folder.describe(job);
    }

    private void move(JobState next) {
        state = next;
        modified = clockMillis.getAsLong();
        save();
    }

    /** As the vendor's messages have it. */
    private static String named(JobState state) {
        return state == JobState.JOB_COMPLETE ? "Completed" : state.wireName();
    }
}

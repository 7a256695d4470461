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
 * Holds a job and its state. Every state change is on disk before it is answered, so that a job survives a restart when
 * the records do.
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

    /** Holds the state of a job at one moment; times in milliseconds. */
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

    /** Whether the job waits for a worker, or had one when the sandbox stopped. */
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

    /** Ends the upload and queues the job. */
    public synchronized void close() {
        if (state != JobState.OPEN) {
            throw JobRefusedException.state("Closing already " + named(state) + " Job not allowed");
        }
        if (!isUploaded()) {
            throw new JobRefusedException("INVALIDJOB", "No data was uploaded for job: <" + spec.id() + ">");
        }
        move(JobState.UPLOAD_COMPLETE);
    }

    /** Stops the job; written rows stay. */
    public synchronized void abort() {
        if (state.isLast()) {
            throw JobRefusedException.state("Aborting already " + named(state) + " Job not allowed");
        }
        move(JobState.ABORTED);
    }

    /** Deletes the job and its data; a worker that still runs it sees that it has ended. */
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

    /** Starts the job, or starts it again after a restart; answers false when it has ended meanwhile. */
    public synchronized boolean begin() {
        if (state.isLast()) {
            return false;
        }
        move(JobState.IN_PROGRESS);
        return true;
    }

    /** Adds tried rows; answers false when the job has ended meanwhile and the rest must not be tried. */
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

    /** Restores the job; the outcomes are ahead of the description when the job was interrupted. */
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

    /** Answers the name of a state in the vendor's messages. */
    private static String named(JobState state) {
        return state == JobState.JOB_COMPLETE ? "Completed" : state.wireName();
    }
}

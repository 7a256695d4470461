// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.RecordIds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stores the jobs of all accounts, each in its own folder {@code account/id}. */
public final class JobStore {

    private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
    private static final String KEY_PREFIX = "750";

    private final Path root;
    private final LongSupplier clockMillis;
    private final Map<String, Map<String, Job>> byAccount = new ConcurrentHashMap<>();
    private int made;

    /**
     * Opens the store and loads the jobs of earlier runs.
     *
     * @param clockMillis milliseconds since 1970
     */
    public JobStore(Path root, LongSupplier clockMillis) throws IOException {
        this.root = root;
        this.clockMillis = clockMillis;
        Files.createDirectories(root);
        try (Stream<Path> accounts = Files.list(root)) {
            for (Path account : accounts.toList()) {
                try (Stream<Path> jobs = Files.list(account)) {
                    jobs.forEach(job -> load(account.getFileName().toString(), new JobFolder(job)));
                }
            }
        }
    }

    /** Stores a new job; its spec is built from the id it gets. */
    public Job create(String account, JobState state, Function<String, JobSpec> spec) {
        String id = nextId();
        Job job = new Job(spec.apply(id), new JobFolder(root.resolve(account).resolve(id)), clockMillis, state);
        job.save();
        jobs(account).put(id, job);
        return job;
    }

    /** Finds the job of this id, of 15 or 18 characters. */
    public Optional<Job> find(String account, JobSpec.Type type, String id) {
        return RecordIds.isWellFormed(id)
                ? Optional.ofNullable(jobs(account).get(RecordIds.full(id)))
                        .filter(job -> job.spec().type() == type)
                : Optional.empty();
    }

    /** Answers all jobs of an account in the order of their creation. */
    public Collection<Job> all(String account) {
        return List.copyOf(jobs(account).values());
    }

    /** Answers all jobs by account. */
    public Map<String, Collection<Job>> all() {
        Map<String, Collection<Job>> all = new TreeMap<>();
        byAccount.keySet().forEach(account -> all.put(account, all(account)));
        return all;
    }

    /** Deletes the job with its data. */
    public void delete(String account, Job job) {
        job.delete();
        jobs(account).remove(job.spec().id());
    }

    private synchronized String nextId() {
        return RecordIds.of(KEY_PREFIX, ++made);
    }

    private Map<String, Job> jobs(String account) {
        return byAccount.computeIfAbsent(account, name -> new ConcurrentSkipListMap<>());
    }

    private void load(String account, JobFolder folder) {
        try {
            JsonNode description = folder.description();
            Job job = new Job(
                    spec(description),
                    folder,
                    clockMillis,
                    JobState.ofWireName(description.path("state").asText()));
            job.restore(description, OutcomeLog.count(folder.outcomes()));
            jobs(account).put(job.spec().id(), job);
            made = Math.max(made, RecordIds.number(KEY_PREFIX, job.spec().id()));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("The sandbox can't read the bulk job in {} and passes it over: {}", folder.path(), e.toString());
        }
    }

    private static JobSpec spec(JsonNode job) {
        CsvFormat format = new CsvFormat(
                CsvFormat.Delimiter.valueOf(job.path("delimiter").asText()),
                CsvFormat.LineEnding.valueOf(job.path("lineEnding").asText()));
        return new JobSpec(
                job.path("id").asText(),
                JobSpec.Type.valueOf(job.path("type").asText()),
                job.path("operation").asText(),
                job.path("object").asText(),
                job.path("externalId").asText(null),
                job.path("query").asText(null),
                job.path("version").asText(),
                format,
                job.path("created").asLong(),
                job.path("createdBy").asText());
    }
}

package io.sluice.load;

import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.Job;
import io.sluice.crm.Permits;
import io.sluice.load.Course.Next;
import io.sluice.merge.Applier;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.quota.Call;
import io.sluice.quota.Permit;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.camel.Body;
import org.apache.camel.Header;

/** The decisions of the route that reads all records of an object once, between the steps that its YAML shows. */
public final class Loading {

    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);
    private static final Duration NO_QUOTA = Duration.ofSeconds(1);

    private final Accounts accounts;
    private final Permits permits;
    private final Pauses pauses;
    private final Loads loads;
    private final Applier applier;
    private final Pages pages;
    private final Hands hands;
    private final List<Sync> syncs;
    private final List<Sync> readWhole;
    private final int page;
    private final Story story = new Story();

    /**
     * How large and how long.
     *
     * @param page    most records of a page of a job's results
     * @param call    after which a call of which nothing was heard is taken for dead
     * @param longest how long a call may last that brings a page
     */
    public record Measures(int page, Duration call, Duration longest) {
    }

    public Loading(Accounts accounts, Permits permits, Pauses pauses, Database database, Loads loads, Applier applier,
            List<Sync> syncs, Measures measures) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauses = pauses;
        this.loads = loads;
        this.applier = applier;
        this.hands = new Hands(loads, measures.call(), measures.longest());
        this.pages = new Pages(loads, new Merging(database, applier), hands, story);
        this.syncs = List.copyOf(syncs);
        this.readWhole = syncs.stream().filter(sync -> "both".equals(sync.getInitial())).toList();
        this.page = measures.page();
    }

    /** Keeps what the syncs have to send until their objects are read, from before the first of it is captured. */
    public void begin() throws SQLException {
        Map<Sync, Step> first = new LinkedHashMap<>();
        readWhole.forEach(sync -> first.put(sync,
                Course.first(accounts.get(sync.getAccount()).crm().bulkQuery().isPresent())));
        loads.begin(first, applier.now()).forEach(story::begins);
    }

    /** The readings whose next step is due, and that are ours now. */
    public List<Run> due() throws SQLException {
        List<Run> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        List<String> open = loads.open();
        for (Sync sync : syncs) {
            if (sync.problem() == null && applier.isReady(sync) && open.contains(sync.getName())
                    && ready.contains(sync.getAccount()) && !isPaused(sync)) {
                loads.take(sync, hands.lease()).ifPresent(load ->
                        due.add(new Run(sync, accounts.get(sync.getAccount()).crm().name(), page, load)));
            }
        }
        return due;
    }

    private boolean isPaused(Sync sync) throws SQLException {
        return pauses.find(Kind.ACCOUNT, sync.getAccount()).isPresent();
    }

    /** A permit for the next call, or null when there is none: then the reading rests. */
    public Permit permit(Run run) throws SQLException, InterruptedException {
        Call call = new Call(run.sync().getAccount(), "query", Priority.NORMAL, true, run.load().member());
        Optional<Permit> permit = isPaused(run.sync()) ? Optional.empty()
                : permits.await(() -> Optional.of(call), LONGEST_WAIT);
        if (permit.isEmpty()) {
            run.close();
            loads.save(run.sync(), run.load(), NO_QUOTA);
            return null;
        }
        run.load(run.load().asking(applier.now(), permit.get().member()));
        if (!loads.save(run.sync(), run.load(), hands.lease())) {
            run.close();
            permits.giveBack(permit.get());
            return null;
        }
        hands.moves(run);
        return permit.get();
    }

    /**
     * Takes the answer and moves the reading.
     *
     * @param answer  a number, a {@link Job}, or {@link Received}s as a stream or a list; anything else is no answer
     * @param refused whether a limit of the CRM's refused the call, or null
     * @param next    where the next page begins, or null after the last
     */
    public void took(Run run, @Body Object answer, @Header("SluiceStatus") Integer status,
            @Header("SluiceRefused") Boolean refused, @Header("SluiceNext") String next)
            throws SQLException, InterruptedException {
        try {
            Next after = judged(run, answer, status == null ? 0 : status, Boolean.TRUE.equals(refused), next);
            hands.letGo(run);
            apply(run, after);
        } finally {
            hands.letGo(run);
        }
    }

    /** @return null when another process has taken it up */
    private Next judged(Run run, Object answer, int status, boolean refused, String next)
            throws SQLException, InterruptedException {
        Load load = run.load();
        if (answer instanceof Long records && load.step() == Step.COUNT) {
            return Course.counted(load, records, accounts.get(run.sync().getAccount()).crm().bulkQuery().orElseThrow(),
                    page);
        }
        if (answer instanceof Job job) {
            return load.step() == Step.CREATE ? Course.created(load, job) : Course.polled(load, job);
        }
        if (answer instanceof List<?> list) {
            return pages.merge(run, list.iterator(), next);
        }
        if (answer instanceof Stream<?> stream) {
            try (stream) {
                return pages.merge(run, stream.iterator(), next);
            } catch (RuntimeException broken) {
                return Course.failed(run.load(), 0, false, "a page of the results can't be read: " + broken.getMessage());
            }
        }
        if (status >= 400 && !refused) {
            story.failed(run.sync(), load, status, answer);
        }
        return Course.failed(load, status, refused, String.valueOf(answer));
    }

    private void apply(Run run, Next next) throws SQLException {
        if (next == null) {
            run.close();
        } else if (next.load().step() == Step.DONE) {
            run.close();
            Load ended = next.load().ended(applier.now());
            if (loads.end(run.sync(), ended)) {
                story.ends(run.sync(), ended);
            }
        } else {
            Step before = run.load().step();
            run.load(next.load());
            if (next.load().step() == Step.CREATE && (before == Step.POLL || before == Step.RESULTS)) {
                story.anew(run.sync(), next.load());
            } else if (next.load().step() != before) {
                story.way(run.sync(), next.load());
            }
            boolean now = next.pause().isZero();
            if (!loads.save(run.sync(), next.load(), now ? hands.lease() : next.pause()) || !now) {
                run.close();
            }
        }
    }

    /** Says that what this process reads is still moving. */
    public void beat() throws SQLException {
        hands.beat();
    }
}

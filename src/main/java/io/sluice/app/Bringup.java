package io.sluice.app;

import io.sluice.Nearest;
import io.sluice.Reason;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.capture.Installations;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.Permits;
import io.sluice.demo.Demo;
import io.sluice.load.Loading;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Parents;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.store.Database;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the syncs up once the context runs: the database first, then each CRM. What can't be reached is tried again
 * with growing pauses while health says DOWN and why; what is written wrongly stops the start.
 */
final class Bringup implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Bringup.class);
    /** Header in which every Kamelet leaves the HTTP status; 0 when no answer came. */
    private static final String STATUS = "SluiceStatus";
    /** The routes that wait for the database. */
    private static final String PIPELINE = "pipeline";
    private static final int BEAT_SECONDS = 10;
    private static final long FIRST_PAUSE_MS = 500;
    private static final long LONGEST_PAUSE_MS = 30_000;

    private final CamelContext context;
    private final Database database;
    private final Capture capture;
    private final Loading loading;
    private final Accounts accounts;
    private final Pauses pauses;
    private final Parents parents;
    private final List<Sync> syncs;
    private final Settings settings;
    private final Installations installations;
    private final Outbox outbox;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "sluice-bringup");
        thread.setDaemon(true);
        return thread;
    });
    private volatile Installations.Captured spared;
    private volatile String problem = "the database was not asked yet";

    Bringup(CamelContext context, Database database, Capture capture, Loading loading, Accounts accounts,
            Pauses pauses, Parents parents, List<Sync> syncs, Settings settings, Installations installations,
            Outbox outbox) {
        this.context = context;
        this.database = database;
        this.capture = capture;
        this.loading = loading;
        this.accounts = accounts;
        this.pauses = pauses;
        this.parents = parents;
        this.syncs = syncs;
        this.settings = settings;
        this.installations = installations;
        this.outbox = outbox;
    }

    void start() {
        attempt(this::startDatabase, "The database", 1);
    }

    /** Why the database part is not up yet, or null. */
    String problem() {
        return problem;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private void attempt(Step step, String what, int attempt) {
        thread.execute(() -> {
            try {
                step.run();
            } catch (WrongSettings wrong) {
                stop(wrong);
            } catch (Exception unreachable) {
                if (attempt == 1) {
                    LOG.warn("{} can't be reached: {}. It is tried again with growing pauses.", what,
                            Reason.of(unreachable));
                }
                LOG.debug("Attempt {} failed", attempt, unreachable);
                long pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(attempt - 1, 10));
                thread.schedule(() -> attempt(step, what, attempt + 1), pause, TimeUnit.MILLISECONDS);
            }
        });
    }

    private void startDatabase() throws Exception {
        try {
            database.query("select 1", row -> 1);
            database.migrate();
            if (settings.flag("sluice.demo", false)) {
                Demo.fill(database);
            }
            check();
            spared = installations.others();
            capture.spare(spared);
            pauses.takeSettings(pausedBySettings());
            loading.begin();
            List<Sync> loaded = capture.start(syncs);
            loaded.forEach(sync -> LOG.info("{}: all rows of {} are entered to be sent to {} {}.", sync.getName(),
                    sync.getTable(), sync.getAccount(), sync.getObject()));
            for (Route route : context.getRoutesByGroup(PIPELINE)) {
                context.getRouteController().startRoute(route.getRouteId());
            }
            problem = null;
            thread.scheduleWithFixedDelay(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
            sayWhatIsOdd();
        } catch (WrongSettings wrong) {
            throw wrong;
        } catch (Exception failure) {
            problem = Reason.of(failure);
            throw failure;
        }
        if (syncs.isEmpty()) {
            LOG.warn("No sync is declared: put a file into routes/syncs, for example a copy of the demo's.");
        }
        Map<String, List<Sync>> byAccount = new LinkedHashMap<>();
        syncs.forEach(sync -> byAccount.computeIfAbsent(sync.getAccount(), name -> new ArrayList<>()).add(sync));
        // of an account that only routes of the user's own call, nothing is known to be checked
        accounts.names().stream().filter(name -> !byAccount.containsKey(name)).forEach(accounts::checked);
        byAccount.forEach((account, ofAccount) ->
                attempt(() -> startUnlessPaused(accounts.get(account), ofAccount), "Account " + account, 1));
    }

    /** Says that this Sluice is alive, and takes the triggers away that only a replica which has ended needed. */
    private void beat() {
        try {
            installations.beat();
            Installations.Captured others = installations.others();
            if (!others.equals(spared)) {
                spared = others;
                capture.spare(others);
                capture.removeStray();
            }
        } catch (SQLException | RuntimeException away) {
            LOG.debug("The heartbeat of this installation failed", away);
        }
    }

    private void sayWhatIsOdd() {
        try {
            outbox.unserved().forEach((sync, records) -> LOG.warn("{} records wait of sync '{}', which no file declares: they"
                    + " are not sent. Put its file back, or run: delete from sluice.outbox where sync = '{}'", records, sync,
                    sync));
            for (Sync sync : syncs) {
                capture.sharedKeys(sync).ifPresent(keys -> LOG.warn("{}: keys of table '{}' differ in case or in blanks around"
                        + " them alone, for example {}. A CRM takes such for one record: the row that comes second becomes a"
                        + " dead letter.", sync.where(), sync.getTable(), keys));
            }
        } catch (SQLException failed) {
            LOG.debug("What is odd was not found out", failed);
        }
    }

    private void check() throws SQLException, WrongSettings {
        List<String> problems = new ArrayList<>();
        syncs.forEach(sync -> problems.addAll(SyncCheck.words(sync, accounts.names())));
        if (problems.isEmpty()) {
            problems.addAll(capture.check(syncs));
        }
        if (problems.isEmpty()) {
            problems.addAll(installations.enter(syncs));
        }
        WrongSettings.unlessEmpty(problems);
    }

    private List<Pauses.Setting> pausedBySettings() {
        List<Pauses.Setting> paused = new ArrayList<>();
        for (String account : accounts.names()) {
            if (accounts.get(account).paused()) {
                paused.add(new Pauses.Setting(Kind.ACCOUNT, account,
                        "sluice.account." + account + ".paused = true in application.properties"));
            }
        }
        for (Sync sync : syncs) {
            if (sync.isPaused()) {
                paused.add(new Pauses.Setting(Kind.SYNC, sync.getName(), "paused: true in " + sync.file()));
            }
        }
        return paused;
    }

    /** A paused account gets no call at all, not even the ones that ask what it knows. */
    private void startUnlessPaused(Account account, List<Sync> ofAccount)
            throws WrongSettings, IOException, SQLException {
        if (pauses.find(Kind.ACCOUNT, account.name()).isEmpty()) {
            startAccount(account, ofAccount);
            return;
        }
        thread.schedule(() -> attempt(() -> startUnlessPaused(account, ofAccount), "Account " + account.name(), 1),
                settings.number("sluice.wake.delay-ms", 100), TimeUnit.MILLISECONDS);
    }

    private void startAccount(Account account, List<Sync> ofAccount) throws WrongSettings, IOException, SQLException {
        List<String> problems = new ArrayList<>();
        Map<String, ObjectShape> shapes = new LinkedHashMap<>();
        try (ProducerTemplate template = context.createProducerTemplate()) {
            for (Sync sync : ofAccount) {
                if (!shapes.containsKey(sync.getObject())) {
                    shapes.put(sync.getObject(), describe(template, account, sync.getObject()));
                }
                ObjectShape shape = shapes.get(sync.getObject());
                if (shape != null) {
                    problems.addAll(SyncCheck.fields(sync, shape));
                    sync.setParent(shape.parent(sync.getFields().values()).orElse(null));
                } else {
                    problems.add(sync.where() + ": account '" + account.name() + "' has no object '" + sync.getObject()
                            + "'" + Nearest.hint(sync.getObject(), objects(template, account)));
                }
            }
        }
        ofAccount.forEach(sync -> problems.addAll(Parentage.check(sync, shapes)));
        WrongSettings.unlessEmpty(problems);
        parents.declare(account.name(), Parentage.of(ofAccount, shapes));
        accounts.described(account.name(), shapes);
        accounts.checked(account.name());
        LOG.info("Account {} is ready: {}.", account.name(), String.join(", ", shapes.keySet()));
    }

    /** @return null when the CRM has no such object */
    private static ObjectShape describe(ProducerTemplate template, Account account, String object) throws IOException {
        Message answer = ask(template, account, "describe", "&object=" + object);
        if (answer.getBody() instanceof ObjectShape shape) {
            return shape;
        }
        int status = answer.getHeader(STATUS, 0, Integer.class);
        if (status == 404) {
            return null;
        }
        throw new IOException((status == 0 ? "" : "HTTP " + status + ": ") + answer.getBody(String.class));
    }

    private static List<String> objects(ProducerTemplate template, Account account) throws IOException {
        List<String> names = new ArrayList<>();
        if (ask(template, account, "objects", "").getBody() instanceof List<?> found) {
            found.forEach(name -> names.add(name.toString()));
        }
        return names;
    }

    private static Message ask(ProducerTemplate template, Account account, String job, String parameters)
            throws IOException {
        Exchange exchange = template.request("kamelet:" + account.crm().name() + "-" + job + "-action?account="
                + account.name() + parameters,
                // a pause in the middle of the check would stop the other accounts with it
                question -> question.setProperty(Permits.BEGUN, Priority.HIGH));
        if (exchange.getException() != null) {
            throw new IOException(exchange.getException().getMessage(), exchange.getException());
        }
        return exchange.getMessage();
    }

    private void stop(WrongSettings wrong) {
        problem = wrong.getMessage();
        LOG.error("Sluice stops, because its syncs name what is not there. Nothing was changed.\n  {}",
                String.join("\n  ", wrong.problems()));
        if (settings.flag("sluice.exit-on-error", true)) {
            new Thread(() -> System.exit(1), "sluice-exit").start();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            installations.leave();
        } catch (SQLException away) {
            LOG.debug("The end of this installation was not written down", away);
        }
    }
}

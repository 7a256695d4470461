// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs Sluice in a child process under {@code camel run --dev}, and starts a new child when files were edited. The edited files
 * are first checked by a third process ({@link FileCheck}): with a mistake in one of them, the child keeps running with the files
 * that it has read.
 *
 * <p>Camel's own reload can't do this: it removes all routes before it knows whether the new ones can be loaded.
 */
final class Supervisor extends LifecycleStrategySupport {

    /** The environment variable of a supervised process: the number of its supervisor's process. */
    private static final String VARIABLE = "SLUICE_DEV_SUPERVISOR";

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final long POLL_MILLIS = 300;
    private static final long MAX_CHECK_SECONDS = 180;
    private static final long MAX_STOP_SECONDS = 60;
    private static final Pattern FOLDER = Pattern.compile("file:(?://)?([^*?{]+?)(/[^/]*\\*.*)?/?");

    private List<String> command;
    private WatchedFiles files;
    /** The files that a check, or the first start, has accepted. */
    private Map<Path, String> fitting;
    /** The files that a check has rejected, or null. */
    private Map<Path, String> rejected;
    /** The files with which the child was started. */
    private Map<Path, String> started;

    private Map<Path, String> stampsAtStart;
    private volatile Process child;
    private volatile Process check;
    private volatile boolean stopping;

    @Override
    public void onContextInitializing(CamelContext context) {
        String supervisor = System.getenv(VARIABLE);
        if (supervisor != null) {
            endWith(Long.parseLong(supervisor));
            return;
        }
        Settings settings = new Settings(context);
        command = ownCommand();
        if (!isDev(command) || settings.text("sluice.database.url", null) == null) {
            return;
        }
        files = new WatchedFiles(
                folders(
                        settings.text("camel.main.routesIncludePattern", ""),
                        settings.text("camel.component.kamelet.location", ""),
                        "file:" + settings.text("sluice.syncs.folder", "routes/syncs")),
                Path.of(settings.text("sluice.settings.file", "application.properties")));
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "sluice-dev-stop"));
        try {
            System.exit(supervise());
        } catch (IOException failed) {
            LOG.error("--dev: the process of Sluice could not be started: {}", failed.getMessage());
            System.exit(1);
        } catch (InterruptedException interrupted) {
            System.exit(1);
        }
    }

    /** Ends this process when its supervisor has ended, whatever has ended that. */
    private static void endWith(long supervisor) {
        Optional<ProcessHandle> running = ProcessHandle.of(supervisor);
        if (running.isEmpty()) {
            System.exit(1);
        }
        running.get().onExit().thenRun(() -> new Thread(() -> System.exit(1), "sluice-exit").start());
    }

    /** Tells whether a command line is that of Camel JBang with {@code --dev}. */
    static boolean isDev(List<String> command) {
        return command.contains("run") && (command.contains("--dev") || command.contains("--dev=true"));
    }

    /** Returns the folders of patterns such as {@code file:routes/&#42;&#42;/&#42;.camel.yaml}, or of lists of them. */
    static List<Path> folders(String... patterns) {
        Set<Path> folders = new LinkedHashSet<>();
        for (String pattern : String.join(",", patterns).split(",")) {
            Matcher folder = FOLDER.matcher(pattern.strip());
            if (folder.matches()) {
                folders.add(Path.of(folder.group(1)));
            }
        }
        // a folder in another one is read with that
        return folders.stream()
                .filter(it -> folders.stream().noneMatch(other -> !other.equals(it) && it.startsWith(other)))
                .toList();
    }

    /** Returns the command line of this process; empty where the system does not tell it. */
    private static List<String> ownCommand() {
        ProcessHandle.Info info = ProcessHandle.current().info();
        List<String> own = new ArrayList<>();
        try {
            // whole: ProcessHandle reads its first 4,096 bytes, and a class path is longer
            String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
            own.addAll(Arrays.asList(line.split("\0", -1)));
            own.remove(own.size() - 1);
            info.command().ifPresent(java -> own.set(0, java));
        } catch (IOException | RuntimeException otherSystem) {
            own.clear();
            if (info.command().isPresent() && info.arguments().isPresent()) {
                own.add(info.command().get());
                own.addAll(Arrays.asList(info.arguments().get()));
            }
        }
        return own;
    }

    /** @return the exit code of the child that has ended by itself */
    private int supervise() throws IOException, InterruptedException {
        fitting = files.contents();
        LOG.info("--dev: routes, syncs and Kamelets are checked and applied when a file is saved.");
        start(fitting);
        Map<Path, String> seen = stampsAtStart;
        boolean settled = true;
        while (true) {
            if (child.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                int code = child.exitValue();
                boolean edited = !files.stamps().equals(stampsAtStart)
                        || !files.contents().equals(fitting);
                if (stopping || code == 0 || !edited) {
                    return code;
                }
                // the start may have read files that were saved after the check
                start(awaitOthers(code));
                seen = stampsAtStart;
                continue;
            }
            Map<Path, String> now = files.stamps();
            if (!now.equals(seen)) {
                seen = now;
                settled = false;
            } else if (!settled) {
                settled = apply(files.contents());
            }
        }
    }

    private void start(Map<Path, String> contents) throws IOException {
        started = contents;
        stampsAtStart = files.stamps();
        child = process(command).inheritIO().start();
    }

    /** Waits until the files differ from those that are wrong. @return their contents */
    private Map<Path, String> awaitOthers(int code) throws InterruptedException {
        Map<Path, String> now = files.contents();
        if (isWrong(now)) {
            LOG.error("--dev: Sluice has ended with exit code {}. It starts again when a file is saved.", code);
            while (isWrong(now)) {
                Thread.sleep(POLL_MILLIS);
                now = files.contents();
            }
        }
        return now;
    }

    private boolean isWrong(Map<Path, String> contents) {
        return !contents.equals(fitting) && (contents.equals(rejected) || contents.equals(started));
    }

    /**
     * Checks edited files, and replaces the child if they fit.
     *
     * @return false if a file was saved during the check
     */
    private boolean apply(Map<Path, String> edited) throws IOException, InterruptedException {
        List<Path> changed = WatchedFiles.changed(started, edited);
        if (changed.isEmpty()) {
            rejected = null;
            return true;
        }
        if (edited.equals(rejected)) {
            return true;
        }
        String names = changed.stream().map(Path::toString).collect(Collectors.joining(", "));
        LOG.info("--dev: {} changed; the files are checked.", names);
        List<String> mistakes = check();
        if (stopping) {
            return true;
        }
        if (!mistakes.isEmpty()) {
            rejected = edited;
            LOG.error(
                    "--dev: the files on disk are not applied, and Sluice keeps running with the previous ones. Correct them and"
                            + " save.\n  {}",
                    String.join("\n  ", mistakes));
            return true;
        }
        if (!files.contents().equals(edited)) {
            return false;
        }
        LOG.info("--dev: {} can be applied; Sluice starts again.", names);
        end(child);
        if (!stopping) {
            fitting = edited;
            rejected = null;
            start(edited);
        }
        return true;
    }

    /** @return the mistakes in the files, a sentence each */
    private List<String> check() throws IOException, InterruptedException {
        List<String> own = new ArrayList<>(command);
        own.addAll(1, List.of("-Dcamel.server.port=0", "-Dcamel.management.port=0"));
        ProcessBuilder builder = process(own);
        builder.environment().put(FileCheck.VARIABLE, "true");
        Path output = Files.createTempFile("sluice-check", ".log");
        try {
            check = builder.redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            check.getOutputStream().close();
            if (!check.waitFor(MAX_CHECK_SECONDS, TimeUnit.SECONDS)) {
                check.destroyForcibly().waitFor();
                return List.of("The check has not ended after " + MAX_CHECK_SECONDS + " s.");
            }
            if (check.exitValue() == 0) {
                return List.of();
            }
            List<String> mistakes = FileCheck.mistakes(new String(Files.readAllBytes(output), StandardCharsets.UTF_8));
            return mistakes.isEmpty()
                    ? List.of("The check has ended with exit code " + check.exitValue() + ".")
                    : mistakes;
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private static ProcessBuilder process(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .put(VARIABLE, Long.toString(ProcessHandle.current().pid()));
        return builder;
    }

    /** Ends a child as Ctrl-C does: calls in progress are settled. */
    private static void end(Process child) throws InterruptedException {
        child.destroy();
        if (!child.waitFor(MAX_STOP_SECONDS, TimeUnit.SECONDS)) {
            child.destroyForcibly().waitFor();
        }
    }

    /** Ends the other processes at the end of this one, and then this one, whose context was never started. */
    private void stop() {
        stopping = true;
        int code = 1;
        try {
            if (check != null) {
                check.destroyForcibly();
            }
            if (child != null) {
                end(child);
                code = child.exitValue();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(code);
    }
}

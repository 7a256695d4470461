// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.RootCause;
import io.sluice.crm.Account;
import io.sluice.crm.Crm;
import io.sluice.quota.Limits;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rereads the settings' file. Limits and costs that are edited while Sluice runs hold from the next call on; other edits need a
 * restart, and are logged.
 */
public final class SettingsFile {

    private static final Logger LOG = LoggerFactory.getLogger(SettingsFile.class);

    /** The settings that may change while Sluice runs, below {@link AccountSettings#PREFIX}. */
    private static final String LIVE = "[^.]+\\.(limit|cost)\\..+";

    private record Stamp(FileTime modified, long size) {}

    private final Path file;
    private final Map<String, Crm> crms;
    private final Limits limits;
    private final UnaryOperator<String> placeholders;
    private final Predicate<String> overridden;
    private final Map<String, String> started;
    private Stamp seen;
    private Map<String, String> content;
    private Map<String, String> atStart = Map.of();

    /**
     * @param started      account settings at the start, without {@link AccountSettings#PREFIX}
     * @param placeholders resolves the placeholders of a value
     * @param overridden   whether a setting comes from another source, so that the file's value does not count
     */
    SettingsFile(
            Path file,
            Map<String, String> started,
            Map<String, Crm> crms,
            Limits limits,
            UnaryOperator<String> placeholders,
            Predicate<String> overridden) {
        this.file = file;
        this.started = started;
        this.crms = crms;
        this.limits = limits;
        this.placeholders = placeholders;
        this.overridden = overridden;
        try {
            this.seen = stamp();
            this.content = read();
            this.atStart = content;
        } catch (IOException none) {
            LOG.debug("{} can't be read; limits change with a restart only", file, none);
        }
    }

    /** Whether the process got a setting from another source than the file: its command line or its environment. */
    static boolean isOverridden(String name) {
        return System.getProperty(name) != null
                || System.getenv(name.toUpperCase(java.util.Locale.ROOT).replaceAll("[^A-Z0-9]", "_")) != null;
    }

    /** Adopts edits since the last check. A wrong edit changes nothing, and is logged once. */
    public synchronized void reload() {
        try {
            Stamp now = stamp();
            if (content == null || now.equals(seen)) {
                return;
            }
            seen = now;
            Map<String, String> edited = read();
            List<String> names = changed(edited);
            apply(edited);
            content = edited;
            tell(names, edited);
        } catch (IllegalArgumentException wrong) {
            LOG.warn("{}. The limits stay as they were.", wrong.getMessage());
        } catch (IOException unreadable) {
            if (seen != null) {
                LOG.warn(
                        "{} can't be read any more, so the limits stay as they are: {}",
                        file,
                        RootCause.of(unreadable));
            }
            seen = null;
        }
    }

    private Stamp stamp() throws IOException {
        return new Stamp(Files.getLastModifiedTime(file), Files.size(file));
    }

    private Map<String, String> read() throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        Map<String, String> settings = new TreeMap<>();
        properties
                .stringPropertyNames()
                .forEach(name -> settings.put(name, properties.getProperty(name).strip()));
        return settings;
    }

    private List<String> changed(Map<String, String> edited) {
        List<String> names = new ArrayList<>(new TreeMap<>(content).keySet());
        edited.keySet().stream().filter(name -> !content.containsKey(name)).forEach(names::add);
        names.removeIf(name -> Objects.equals(content.get(name), edited.get(name)) || overridden.test(name));
        return names;
    }

    private void apply(Map<String, String> edited) {
        Map<String, String> accounts = new TreeMap<>(started);
        accounts.keySet().removeIf(key -> isLive(key) && !overridden.test(AccountSettings.PREFIX + key));
        edited.forEach((name, value) -> {
            if (isLive(name) && !value.isEmpty() && !overridden.test(name)) {
                accounts.put(name.substring(AccountSettings.PREFIX.length()), placeholders.apply(value));
            }
        });
        limits.replace(new AccountSettings(accounts, crms)
                .accounts().stream().map(Account::pool).toList());
    }

    /**
     * The current settings of one login: those of the start with the edits since. Values of the environment or the command line
     * stay.
     */
    Map<String, String> login(String account) {
        Map<String, String> now = new TreeMap<>(started);
        try {
            read().forEach((name, value) -> {
                if (name.startsWith(AccountSettings.PREFIX + account + ".")
                        && !overridden.test(name)
                        && !value.isEmpty()
                        && !value.equals(atStart.get(name))) {
                    now.put(name.substring(AccountSettings.PREFIX.length()), placeholders.apply(value));
                }
            });
        } catch (IOException unreadable) {
            LOG.debug("{} can't be read", file, unreadable);
        }
        return new AccountSettings(now, crms).login(account);
    }

    /** Whether a setting applies while Sluice runs when it is edited in the file. */
    static boolean appliesWhileRunning(String name) {
        return name.startsWith(AccountSettings.PREFIX) && isLive(name);
    }

    private static boolean isLive(String name) {
        return (name.startsWith(AccountSettings.PREFIX) ? name.substring(AccountSettings.PREFIX.length()) : name)
                .matches(LIVE);
    }

    private void tell(List<String> names, Map<String, String> edited) {
        for (String name : names) {
            if (appliesWhileRunning(name)) {
                LOG.info("{}: {} is {} from now on.", file, name, edited.getOrDefault(name, "gone"));
            } else {
                LOG.info("{}: {} was edited; it takes a restart.", file, name);
            }
        }
    }
}

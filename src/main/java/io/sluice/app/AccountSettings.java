// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Suggestion;
import io.sluice.crm.Account;
import io.sluice.crm.Crm;
import io.sluice.quota.Limit;
import io.sluice.quota.Pool;
import io.sluice.quota.PoolMember;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Parses the settings {@code sluice.account.NAME.*}: the accounts, those that are members of another one, their limits and
 * costs.
 */
final class AccountSettings {

    static final String PREFIX = "sluice.account.";
    /** The secret with which the sandbox signs, and the default of the demo's account. */
    private static final String SANDBOX_SECRET = "sandbox-secret";

    private final Map<String, Map<String, String>> byName = new TreeMap<>();
    private final Map<String, Crm> crms;

    /** @param settings the settings without their prefix, {@code NAME.crm} and so on */
    AccountSettings(Map<String, String> settings, Map<String, Crm> crms) {
        this.crms = crms;
        settings.forEach((key, value) -> {
            int dot = key.indexOf('.');
            if (dot > 0) {
                byName.computeIfAbsent(key.substring(0, dot), name -> new TreeMap<>())
                        .put(key.substring(dot + 1), value);
            }
        });
    }

    /**
     * The accounts that syncs may name; members of a pool are not among them.
     *
     * @throws IllegalArgumentException with the wrong setting and the valid values
     */
    List<Account> accounts() {
        Map<String, String> poolOf = new LinkedHashMap<>();
        byName.keySet().forEach(name -> members(name).forEach(member -> {
            String other = poolOf.putIfAbsent(member, name);
            if (other != null || !byName.containsKey(member) || !members(member).isEmpty()) {
                throw wrong(
                        name,
                        "members",
                        "names '" + member + "', "
                                + (other != null
                                        ? "a member of " + other
                                        : byName.containsKey(member)
                                                ? "which has members itself"
                                                : "but there is no such account"
                                                        + Suggestion.hint(member, byName.keySet())));
            }
        }));
        return byName.keySet().stream()
                .filter(name -> !poolOf.containsKey(name))
                .map(name -> new Account(name, crm(name), pool(name), flag(name, "paused")))
                .toList();
    }

    /**
     * The accounts whose CRM's journal of changes is polled.
     *
     * @throws IllegalArgumentException with the wrong setting
     */
    List<String> journals() {
        return reading("journal", Crm::hasJournal);
    }

    /**
     * The accounts whose CRM's stream of events is read.
     *
     * @throws IllegalArgumentException with the wrong setting
     */
    List<String> streams() {
        return reading("events", Crm::hasEventStream);
    }

    private List<String> reading(String setting, Predicate<Crm> isPossible) {
        List<String> reading =
                byName.keySet().stream().filter(name -> flag(name, setting)).toList();
        reading.forEach(name -> {
            if (!isPossible.test(crm(name))) {
                throw wrong(name, setting, "is true, but " + crm(name).name() + " has none");
            }
            if (!members(name).isEmpty()) {
                throw wrong(
                        name, setting, "is true, but " + name + " has members: let one account that has none read it");
            }
        });
        return reading;
    }

    private Pool pool(String name) {
        List<String> logins = members(name);
        List<PoolMember> members = new ArrayList<>();
        if (logins.isEmpty()) {
            members.add(new PoolMember(name, List.of(), readsOnly(name)));
        }
        for (String login : logins) {
            if (crm(login) != crm(name)) {
                throw wrong(login, "crm", "is not that of " + name + ", of which it is a member");
            }
            members.add(new PoolMember(login, limits(login), readsOnly(login)));
        }
        if (members.stream().allMatch(PoolMember::readsOnly)) {
            throw wrong(name, "use", "leaves nobody who writes: let it, or a member, be for 'all'");
        }
        return new Pool(name, limits(name), members, costs(name));
    }

    private Crm crm(String name) {
        String named = byName.get(name).get("crm");
        Crm crm = crms.get(named);
        if (crm == null) {
            throw wrong(name, "crm", "is '" + named + "', but the CRMs are " + String.join(", ", crms.keySet()));
        }
        return crm;
    }

    private List<String> members(String name) {
        String members = byName.get(name).getOrDefault("members", "");
        return Arrays.stream(members.split("[,\\s]+"))
                .filter(member -> !member.isEmpty())
                .toList();
    }

    private boolean readsOnly(String name) {
        String use = byName.get(name).getOrDefault("use", "all");
        if (!use.equals("all") && !use.equals("read")) {
            throw wrong(name, "use", "is '" + use + "', but must be 'all' or 'read'");
        }
        return use.equals("read");
    }

    private boolean flag(String name, String setting) {
        String value = byName.get(name).getOrDefault(setting, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw wrong(name, setting, "must be true or false, not '" + value + "'");
        }
        return value.equals("true");
    }

    private List<Limit> limits(String name) {
        List<Limit> limits = new ArrayList<>();
        below(name, "limit.").forEach((limit, text) -> {
            try {
                limits.add(Limit.parse(limit, text));
            } catch (IllegalArgumentException wrong) {
                throw new IllegalArgumentException(
                        "application.properties: " + PREFIX + name + ".limit." + limit + ": " + wrong.getMessage(),
                        wrong);
            }
        });
        return limits;
    }

    private Map<String, Integer> costs(String name) {
        Map<String, Integer> costs = new TreeMap<>();
        below(name, "cost.").forEach((operation, text) -> {
            if (!text.matches("\\d{1,9}")) {
                throw wrong(name, "cost." + operation, "must be a whole number of units, not '" + text + "'");
            }
            costs.put(operation, Integer.parseInt(text));
        });
        return costs;
    }

    private Map<String, String> below(String name, String prefix) {
        Map<String, String> found = new TreeMap<>();
        byName.get(name).forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /**
     * The settings of one login, for its CRM, with the secrets from files.
     *
     * @throws IllegalArgumentException if webhooks of a real CRM would be taken from everybody who knows the sandbox
     */
    Map<String, String> login(String name) {
        Map<String, String> settings = SecretFiles.read(PREFIX + name + ".", byName.get(name));
        String url = settings.getOrDefault("url", "");
        if (SANDBOX_SECRET.equals(settings.get("webhook-secret")) && (url.isBlank() || url.startsWith("https:"))) {
            throw wrong(
                    name,
                    "webhook-secret",
                    "is that of the sandbox, which everybody knows: set your app's, or none if no webhooks arrive");
        }
        return settings;
    }

    private static IllegalArgumentException wrong(String name, String setting, String what) {
        return new IllegalArgumentException("application.properties: " + PREFIX + name + "." + setting + " " + what);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.reducing;
import static java.util.stream.Collectors.summingLong;

import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.quota.PoolMember;
import io.sluice.quota.SavedCalls;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Reports how the calls of a time were used: when, for what, with which result, and what saved further calls. */
public final class UsageReport {

    /** The number of entries in the lists of the largest. */
    private static final int TOP = 10;

    private static final double MINUTES_PER_DAY = Duration.ofDays(1).toMinutes();

    private final UsageHours usageHours;
    private final SavedCalls savedCalls;
    private final Collection<Account> accounts;
    private final List<Sync> syncs;
    private final Map<String, String> accountOfLogin = new TreeMap<>();

    public UsageReport(UsageHours usageHours, SavedCalls savedCalls, Collection<Account> accounts, List<Sync> syncs) {
        this.usageHours = usageHours;
        this.savedCalls = savedCalls;
        this.accounts = List.copyOf(accounts);
        this.syncs = syncs.stream()
                .filter(sync -> sync.getAccount() != null && sync.getObject() != null)
                .toList();
        accounts.forEach(
                account -> account.pool().members().forEach(login -> accountOfLogin.put(login.name(), account.name())));
    }

    /**
     * What is reported.
     *
     * @param account name of an account, or null for all
     * @param sync    name of a sync, or null for all calls
     * @param from    start; its hour counts as a whole
     * @param to      end; its hour counts as a whole
     * @param zone    time zone of days and weekdays
     */
    public record Request(String account, String sync, Instant from, Instant to, ZoneId zone) {

        /** This request with whole hours. */
        Request whole() {
            Instant end = to.truncatedTo(ChronoUnit.HOURS);
            return new Request(
                    account,
                    sync,
                    from.truncatedTo(ChronoUnit.HOURS),
                    end.equals(to) ? end : end.plus(1, ChronoUnit.HOURS),
                    zone);
        }
    }

    /** The report as JSON. @param now the time until which calls are known */
    public Map<String, Object> json(Request wanted, Instant now) throws SQLException {
        Request request = wanted.whole();
        Sync only = syncs.stream()
                .filter(sync -> sync.getName().equals(request.sync()))
                .findFirst()
                .orElse(null);
        String account = only == null ? request.account() : only.getAccount();
        UsageHours.Usage known = usageHours.read(logins(account), request.from(), request.to());
        List<HourlyUsage> usages = known.hours().stream()
                .filter(usage -> only == null || isOf(usage, only))
                .toList();
        Instant since = known.since();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("from", request.from());
        json.put("to", request.to());
        json.put("zone", request.zone().getId());
        json.put("account", account);
        json.put("sync", request.sync());
        json.put("since", since);
        json.put("total", sum(usages).json());
        json.put("byHour", byHour(usages));
        json.put("heatMap", heatMap(usages, request, since, now));
        json.put("byAccount", byAccount(usages));
        json.put("byOperation", byOperation(usages));
        json.put("byObject", byObject(usages));
        json.put("bySync", bySync(usages, request, days(request, since, now), only, account));
        json.put("byPriority", byPriority(usages));
        json.put(
                "peaks",
                byHour(usages).stream()
                        .sorted(comparing(UsageReport::calls).reversed())
                        .limit(TOP)
                        .toList());
        json.put("largestTransfers", largest(usages));
        json.put("saved", saved(usages, saved(request, account, only)));
        return json;
    }

    private List<String> logins(String account) {
        return accounts.stream()
                .filter(it -> account == null || it.name().equals(account))
                .flatMap(it -> it.pool().members().stream())
                .map(PoolMember::name)
                .distinct()
                .toList();
    }

    private boolean isOf(HourlyUsage usage, Sync sync) {
        return accountOfLogin.get(usage.login()).equals(sync.getAccount())
                && usage.objects().stream().anyMatch(sync.getObject()::equalsIgnoreCase);
    }

    private static long calls(Map<String, Object> entry) {
        return (Long) entry.get("calls");
    }

    private static UsageFigures sum(Collection<HourlyUsage> usages) {
        return usages.stream().map(HourlyUsage::figures).reduce(UsageFigures.NONE, UsageFigures::plus);
    }

    private static <K extends Comparable<? super K>> TreeMap<K, UsageFigures> sums(
            Collection<HourlyUsage> usages, Function<HourlyUsage, K> key) {
        return usages.stream()
                .collect(groupingBy(
                        key, TreeMap::new, reducing(UsageFigures.NONE, HourlyUsage::figures, UsageFigures::plus)));
    }

    private static Map<String, Object> entry(UsageFigures figures, Object... names) {
        Map<String, Object> entry = new LinkedHashMap<>();
        for (int i = 0; i < names.length; i += 2) {
            entry.put((String) names[i], names[i + 1]);
        }
        entry.putAll(figures.json());
        return entry;
    }

    private static List<Map<String, Object>> mostCallsFirst(List<Map<String, Object>> entries) {
        entries.sort(comparing(UsageReport::calls).reversed());
        return entries;
    }

    private static List<Map<String, Object>> byHour(List<HourlyUsage> usages) {
        List<Map<String, Object>> entries = new ArrayList<>();
        sums(usages, HourlyUsage::hour).forEach((hour, figures) -> entries.add(entry(figures, "hour", hour)));
        return entries;
    }

    /** The calls by weekday and hour, with the number of such hours: their quotient is the usual number of calls. */
    private static List<Map<String, Object>> heatMap(
            List<HourlyUsage> usages, Request request, Instant since, Instant now) {
        Map<Integer, Long> hours = new TreeMap<>();
        Instant begin =
                since != null && since.isAfter(request.from()) ? since.truncatedTo(ChronoUnit.HOURS) : request.from();
        for (Instant hour = begin;
                hour.isBefore(request.to()) && hour.isBefore(now);
                hour = hour.plus(1, ChronoUnit.HOURS)) {
            hours.merge(weekHour(hour.atZone(request.zone())), 1L, Long::sum);
        }
        List<Map<String, Object>> entries = new ArrayList<>();
        sums(usages, usage -> weekHour(usage.hour().atZone(request.zone())))
                .forEach((weekHour, figures) -> entries.add(entry(
                        figures,
                        "weekday",
                        DayOfWeek.of(1 + weekHour / 24).toString().toLowerCase(Locale.ROOT),
                        "hour",
                        weekHour % 24,
                        "hours",
                        hours.getOrDefault(weekHour, 1L))));
        return entries;
    }

    private static int weekHour(ZonedDateTime hour) {
        return (hour.getDayOfWeek().getValue() - 1) * 24 + hour.getHour();
    }

    private List<Map<String, Object>> byAccount(List<HourlyUsage> usages) {
        Map<String, UsageFigures> sums = sums(usages, usage -> accountOfLogin.get(usage.login()));
        List<Map<String, Object>> entries = new ArrayList<>();
        for (Account account : accounts) {
            UsageFigures figures = sums.get(account.name());
            if (figures != null) {
                var max = account.crm().maxErrorShare();
                entries.add(entry(
                        figures,
                        "account",
                        account.name(),
                        "errorShare",
                        percent(figures.errors(), figures.calls()),
                        "maxErrorShare",
                        max.isPresent() ? max.getAsInt() : null));
            }
        }
        return mostCallsFirst(entries);
    }

    /** A share in percent, with one digit. */
    private static double percent(long part, long whole) {
        return whole == 0 ? 0 : Math.round(1000.0 * part / whole) / 10.0;
    }

    private static Double quotient(double dividend, double divisor) {
        return divisor == 0 ? null : Math.round(10 * dividend / divisor) / 10.0;
    }

    private static List<Map<String, Object>> byOperation(List<HourlyUsage> usages) {
        List<Map<String, Object>> entries = new ArrayList<>();
        sums(usages, HourlyUsage::operation)
                .forEach((operation, figures) -> entries.add(entry(
                        figures,
                        "operation",
                        operation,
                        "recordsPerCall",
                        quotient(figures.records(), figures.recordCalls()),
                        "answerMillis",
                        quotient(figures.answerMillis(), figures.calls() - figures.unanswered()))));
        return mostCallsFirst(entries);
    }

    private List<Map<String, Object>> byObject(List<HourlyUsage> usages) {
        List<Map<String, Object>> entries = new ArrayList<>();
        usages.stream()
                .collect(groupingBy(usage -> accountOfLogin.get(usage.login())))
                .forEach((account, own) -> sums(own, HourlyUsage::object)
                        .forEach((object, figures) -> entries.add(entry(
                                figures,
                                "account",
                                account,
                                "objects",
                                object.isEmpty() ? List.of() : List.of(object.split(","))))));
        return mostCallsFirst(entries);
    }

    /** The days of the request for which calls are known. */
    private static double days(Request request, Instant since, Instant now) {
        Instant begin = since != null && since.isAfter(request.from()) ? since : request.from();
        Instant end = now.isBefore(request.to()) ? now : request.to();
        return Math.max(0, Duration.between(begin, end).toMinutes() / MINUTES_PER_DAY);
    }

    /**
     * The calls by sync. A call with records of several syncs counts for each of them; the other figures are those of the
     * calls that a sync does not share.
     */
    private List<Map<String, Object>> bySync(
            List<HourlyUsage> usages, Request request, double days, Sync only, String account) {
        List<Map<String, Object>> entries = new ArrayList<>();
        for (Sync sync : only == null ? syncs : List.of(only)) {
            if (account != null && !sync.getAccount().equals(account)) {
                continue;
            }
            List<HourlyUsage> own =
                    usages.stream().filter(usage -> isOf(usage, sync)).toList();
            Map<Boolean, UsageFigures> shared =
                    sums(own, usage -> usage.objects().size() > 1);
            long sharedCalls = shared.getOrDefault(true, UsageFigures.NONE).calls();
            Map<String, Object> entry = entry(
                    shared.getOrDefault(false, UsageFigures.NONE),
                    "sync",
                    sync.getName(),
                    "account",
                    sync.getAccount(),
                    "object",
                    sync.getObject());
            entry.put("calls", calls(entry) + sharedCalls);
            entry.put("sharedCalls", sharedCalls);
            entry.put("callsPerDay", quotient(calls(entry), days));
            Map<LocalDate, UsageFigures> ofDays =
                    sums(own, usage -> usage.hour().atZone(request.zone()).toLocalDate());
            entry.put(
                    "days",
                    ofDays.entrySet().stream()
                            .map(day -> callsOf(day.getKey(), day.getValue()))
                            .toList());
            entries.add(entry);
        }
        return mostCallsFirst(entries);
    }

    private static Map<String, Object> callsOf(LocalDate day, UsageFigures figures) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("day", day.toString());
        entry.put("calls", figures.calls());
        return entry;
    }

    private static List<Map<String, Object>> byPriority(List<HourlyUsage> usages) {
        Map<Priority, UsageFigures> sums = sums(usages, HourlyUsage::priority);
        long all = sum(usages).calls();
        List<Map<String, Object>> entries = new ArrayList<>();
        for (Priority priority : Priority.values()) {
            UsageFigures figures = sums.getOrDefault(priority, UsageFigures.NONE);
            entries.add(entry(figures, "priority", priority.toString(), "share", percent(figures.calls(), all)));
        }
        return entries;
    }

    /** The largest calls, of each kind and hour the largest one. */
    private List<Map<String, Object>> largest(List<HourlyUsage> usages) throws SQLException {
        List<HourlyUsage> largest = usages.stream()
                .filter(usage -> usage.largest() > 0)
                .sorted(Comparator.comparing(HourlyUsage::largest).reversed())
                .limit(TOP)
                .toList();
        Map<Long, Instant> times =
                usageHours.times(largest.stream().map(HourlyUsage::largestCall).toList());
        List<Map<String, Object>> entries = new ArrayList<>();
        for (HourlyUsage usage : largest) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("hour", usage.hour());
            entry.put("at", times.get(usage.largestCall()));
            entry.put("account", accountOfLogin.get(usage.login()));
            entry.put("operation", usage.operation());
            entry.put("objects", usage.objects());
            entry.put("bytes", usage.largest());
            entries.add(entry);
        }
        return entries;
    }

    /** The calls that were not needed. */
    private static Map<String, Object> saved(List<HourlyUsage> usages, Map<SavedCalls.Reason, Long> counted) {
        Map<String, Object> saved = new LinkedHashMap<>();
        UsageFigures all = sum(usages);
        saved.put("byBatching", all.savedByBatching());
        saved.put("recordsPerCall", quotient(all.records(), all.recordCalls()));
        saved.put(
                "bySharedCalls",
                usages.stream()
                        .mapToLong(usage -> usage.figures().calls()
                                * Math.max(0, usage.objects().size() - 1))
                        .sum());
        saved.put("byCoalescing", counted.getOrDefault(SavedCalls.Reason.COALESCING, 0L));
        saved.put("byCaching", counted.getOrDefault(SavedCalls.Reason.CACHING, 0L));
        saved.put("byEvents", counted.getOrDefault(SavedCalls.Reason.EVENTS, 0L));
        return saved;
    }

    /** The calls that were counted when they were saved; one object belongs to one sync of an account. */
    private Map<SavedCalls.Reason, Long> saved(Request request, String account, Sync only) throws SQLException {
        List<String> names = accounts.stream()
                .map(Account::name)
                .filter(name -> account == null || name.equals(account))
                .toList();
        return savedCalls.read(names, request.from(), request.to()).stream()
                .filter(saved -> only == null || saved.object().equalsIgnoreCase(only.getObject()))
                .collect(groupingBy(SavedCalls.Saved::reason, summingLong(SavedCalls.Saved::calls)));
    }
}

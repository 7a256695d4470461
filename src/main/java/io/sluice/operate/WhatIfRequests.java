// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Priority;
import io.sluice.crm.Durations;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.quota.Limit;
import io.sluice.usage.WhatIf;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;

/** Answers API requests about what would have been under other assumptions. Nothing changes, though the method is POST. */
public final class WhatIfRequests {

    private static final Set<String> FIELDS =
            Set.of("account", "from", "to", "limits", "batchSize", "pollInterval", "priorities", "addedSync");
    private static final Set<String> SYNC_FIELDS = Set.of("changesPerDay", "priority");
    private static final String EXAMPLE = "{\"account\": \"...\", \"limits\": {\"daily\": \"5000 per 24h\"}}";
    private static final Duration DEFAULT_TIME = Duration.ofDays(7);
    private static final long MAX_BATCH_SIZE = 10_000;
    private static final long MAX_CHANGES_PER_DAY = 1_000_000;

    private final WhatIf whatIf;
    private final List<String> accounts;
    private final InstantSource clock;

    public WhatIfRequests(WhatIf whatIf, Collection<String> accounts, InstantSource clock) {
        this.whatIf = whatIf;
        this.accounts = List.copyOf(accounts);
        this.clock = clock;
    }

    /** Replays the calls of a time under the assumptions of the body: by default those of the last seven days. */
    public void answer(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery.of(exchange, Set.of());
            WhatIf.Request request = request(ApiBody.of(exchange, FIELDS, EXAMPLE));
            try {
                return whatIf.json(request);
            } catch (IllegalArgumentException tooMany) {
                throw new RejectedRequest(400, tooMany.getMessage());
            }
        });
    }

    private WhatIf.Request request(ApiBody body) throws RejectedRequest {
        String account = ApiResponses.known("account", body.required("account"), accounts);
        Instant to = ApiTimes.parse("Field", "to", body.text("to"), ZoneOffset.UTC, clock.instant());
        Instant from = ApiTimes.parse("Field", "from", body.text("from"), ZoneOffset.UTC, to.minus(DEFAULT_TIME));
        ApiTimes.checkOrder("Field", from, to);
        Long batchSize = body.number("batchSize", 1, MAX_BATCH_SIZE);
        return new WhatIf.Request(
                account,
                from,
                to,
                limits(body.object("limits", whatIf.limits(account))),
                batchSize == null ? null : batchSize.intValue(),
                pollInterval(body.text("pollInterval")),
                priorities(body.object("priorities", whatIf.syncs(account))),
                newSync(body.object("addedSync", SYNC_FIELDS)));
    }

    private static List<Limit> limits(ApiBody limits) throws RejectedRequest {
        List<Limit> parsed = new ArrayList<>();
        for (String name : limits.names()) {
            String text = limits.required(name);
            try {
                parsed.add(Limit.parse(name, text));
            } catch (IllegalArgumentException wrong) {
                throw new RejectedRequest(400, "Field 'limits." + name + "': " + wrong.getMessage());
            }
        }
        return parsed;
    }

    private static Duration pollInterval(String text) throws RejectedRequest {
        if (text == null) {
            return null;
        }
        Duration interval;
        try {
            interval = Durations.of("Field 'pollInterval'", text);
        } catch (IllegalArgumentException wrong) {
            throw new RejectedRequest(400, wrong.getMessage());
        }
        if (interval.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new RejectedRequest(400, "Field 'pollInterval' must be at least 1s, not '" + text + "'");
        }
        return interval;
    }

    private static Map<String, Priority> priorities(ApiBody priorities) throws RejectedRequest {
        Map<String, Priority> parsed = new LinkedHashMap<>();
        for (String sync : priorities.names()) {
            parsed.put(sync, priority("priorities." + sync, priorities.required(sync)));
        }
        return parsed;
    }

    private static Priority priority(String name, String text) throws RejectedRequest {
        try {
            return Priority.of(text);
        } catch (IllegalArgumentException unknown) {
            throw new RejectedRequest(400, "Field '" + name + "': " + unknown.getMessage());
        }
    }

    private static WhatIf.NewSync newSync(ApiBody sync) throws RejectedRequest {
        if (sync.names().isEmpty()) {
            return null;
        }
        Long changes = sync.number("changesPerDay", 1, MAX_CHANGES_PER_DAY);
        if (changes == null) {
            throw new RejectedRequest(400, "Field 'addedSync.changesPerDay' is missing");
        }
        String priority = sync.text("priority");
        return new WhatIf.NewSync(
                changes, priority == null ? Priority.NORMAL : priority("addedSync.priority", priority));
    }
}

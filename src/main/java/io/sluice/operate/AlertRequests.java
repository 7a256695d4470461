// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.alert.Alert;
import io.sluice.alert.AlertStore;
import io.sluice.operate.ApiResponses.RejectedRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;

/** Answers API requests about alerts. */
public final class AlertRequests {

    private static final Set<String> PARAMETERS = Set.of("ended");

    private final AlertStore store;

    public AlertRequests(AlertStore store) {
        this.store = store;
    }

    private record Alerts(List<Alert> alerts) {}

    /** Lists the active alerts, and those that ended during the last day if the query says {@code ended=true}. */
    public void list(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            String ended = ApiQuery.of(exchange, PARAMETERS).text("ended");
            if (ended != null && !ended.equals("true") && !ended.equals("false")) {
                throw new RejectedRequest(400, "Parameter 'ended' must be true or false");
            }
            List<Alert> alerts = new ArrayList<>(store.active());
            if ("true".equals(ended)) {
                alerts.addAll(store.ended());
            }
            return new Alerts(alerts);
        });
    }
}

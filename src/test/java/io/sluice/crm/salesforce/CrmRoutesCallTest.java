// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.crm.CrmCall;
import io.sluice.crm.ScriptedCrm;
import java.nio.file.Path;
import java.util.Map;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sends calls of two accounts of one CRM through the routes that the pipeline uses. */
class CrmRoutesCallTest {

    @TempDir
    static Path home;

    private static RunningKamelets crm;
    private static ScriptedCrm second;
    private static ScriptedCrm failing;

    @BeforeAll
    static void start() throws Exception {
        second = new ScriptedCrm();
        second.call = new ScriptedCrm.Reply(200, "{\"results\": []}");
        failing = new ScriptedCrm();
        failing.call = new ScriptedCrm.Reply(500, "{\"message\": \"internal error\"}");
        crm = new RunningKamelets(
                home,
                Map.of(
                        "camel.main.routesIncludePattern",
                        "file:routes/7-call.camel.yaml,file:routes/crm/*.camel.yaml",
                        "sluice.circuit-breaker.initial-delay",
                        "5m",
                        "sluice.circuit-breaker.max-delay",
                        "5m",
                        "sluice.account.second.crm",
                        "hubspot",
                        "sluice.account.second.url",
                        second.url(),
                        "sluice.account.second.access-token",
                        "second",
                        "sluice.account.failing.crm",
                        "hubspot",
                        "sluice.account.failing.url",
                        failing.url(),
                        "sluice.account.failing.access-token",
                        "failing"));
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
        second.close();
        failing.close();
    }

    private static Exchange objects(String account) {
        Exchange exchange = crm.camel.request(
                "direct:call", request -> request.setVariable("call", new CrmCall.ListObjects("hubspot", account)));
        assertThat(exchange.getException()).isNull();
        return exchange;
    }

    @Test
    void oneKameletServesEachAccountAndItsLedger() throws Exception {
        long own = crm.number("select count(*) from sluice.api_call where account = 'second'");
        long other = crm.number("select count(*) from sluice.api_call where account = 'hubspot'");

        objects("second");
        assertThat(second.asked).last().asString().endsWith(" Bearer second");
        long calls = second.calls();
        assertThat(objects("hubspot").getMessage().getHeader("SluiceStatus", Integer.class))
                .isEqualTo(200);
        assertThat(second.calls()).isEqualTo(calls);

        assertThat(crm.number("select count(*) from sluice.api_call where account = 'second'"))
                .isEqualTo(own + 1);
        assertThat(crm.number("select count(*) from sluice.api_call where account = 'hubspot'"))
                .isEqualTo(other + 1);
    }

    @Test
    void anAccountThatFailsLeavesTheOthersOfItsCrmAlone() {
        for (int i = 0; i < 25; i++) {
            objects("failing");
        }
        assertThat(failing.calls()).as("calls before the breaker opened").isLessThan(25);

        assertThat(objects("hubspot").getMessage().getHeader("SluiceStatus", Integer.class))
                .isEqualTo(200);
    }
}

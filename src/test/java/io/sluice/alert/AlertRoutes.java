// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Backoff;
import io.sluice.http.CallLimits;
import io.sluice.idle.PendingWork;
import io.sluice.store.TestDatabase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/** Runs the routes of the alerts without the evaluation. */
final class AlertRoutes {

    private AlertRoutes() {}

    /** Replaces the evaluation, whose route is not started. */
    public static final class NoEvaluation {
        public void evaluate() {}
    }

    /** Starts the routes that deliver to these channels; mails go to a server on loopback. */
    static DefaultCamelContext start(TestDatabase database, AlertChannels channels, int mailPort) throws Exception {
        DefaultCamelContext context = new DefaultCamelContext();
        Properties settings = new Properties();
        settings.putAll(Map.of(
                "sluice.alerts.check-interval", "1h",
                "sluice.alerts.mail.host", "127.0.0.1",
                "sluice.alerts.mail.port", Integer.toString(mailPort),
                "sluice.alerts.mail.starttls", "false",
                "sluice.alerts.mail.tls", "false"));
        context.getPropertiesComponent().setInitialProperties(settings);
        context.getRegistry().bind("alertChannels", channels);
        context.getRegistry().bind("alertClient", new CallLimits(1 << 20));
        context.getRegistry().bind("alertMailAuthenticator", channels.mailAuthenticator());
        context.getRegistry()
                .bind(
                        "alertMessages",
                        new AlertMessages(
                                database.sluice(),
                                "sluice",
                                channels,
                                Duration.ZERO,
                                QuietHours.NONE,
                                new Backoff(Duration.ofMillis(100), Duration.ofMillis(100)),
                                InstantSource.system()));
        context.getRegistry().bind("alertEvaluation", new NoEvaluation());
        context.getRegistry().bind("pendingWork", new PendingWork(database.sluice(), List::of));
        PluginHelper.getRoutesLoader(context)
                .loadRoutes(ResourceHelper.resolveMandatoryResource(context, "file:routes/8-alerts.camel.yaml"));
        context.start();
        context.getRouteController().startRoute("alert-messages");
        return context;
    }
}

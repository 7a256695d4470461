// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import io.sluice.QuotedWords;
import io.sluice.app.RouteCoverage;
import io.sluice.store.TestDatabase;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.camel.Endpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes of the alerts deliver to a real HTTP server and a real mail server. */
class AlertRoutesIT {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final String SECRET = "T0/B0/aVerySecretPath";
    private static final String PASSWORD = "mail-secret";

    private final List<String> hooks = Collections.synchronizedList(new ArrayList<>());
    private final List<String> slacks = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger failures = new AtomicInteger();
    private volatile int maxLength = Integer.MAX_VALUE;
    /** A text that the receivers reject, or null. */
    private volatile String rejected;

    private HttpServer server;
    private GreenMail mails;

    @BeforeEach
    void receivers() throws Exception {
        DATABASE.reset();
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        receive("/hook/" + SECRET, hooks);
        receive("/slack/" + SECRET, slacks);
        server.start();
        mails = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        mails.setUser("sluice@example.org", "sluice", PASSWORD);
        mails.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
        mails.stop();
    }

    private void receive(String path, List<String> bodies) {
        server.createContext(path, exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean rejects = rejected != null && body.contains(rejected);
            boolean fails = rejects || failures.getAndDecrement() > 0 || body.length() > maxLength;
            if (!fails) {
                bodies.add(body);
            }
            exchange.sendResponseHeaders(rejects ? 400 : fails ? 503 : 200, -1);
            exchange.close();
        });
    }

    private AlertChannels channels() {
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        return new AlertChannels(
                true,
                address + "/hook/" + SECRET,
                address + "/slack/" + SECRET,
                new AlertChannels.Mail("ops@example.org", "sluice@example.org", "sluice", PASSWORD));
    }

    private DefaultCamelContext context(AlertChannels channels) throws Exception {
        return AlertRoutes.start(DATABASE, channels, mails.getSmtp().getPort());
    }

    private static void alert(String what, String... events) throws SQLException {
        DATABASE.run(
                "insert into sluice.alert (installation, id, kind, severity, sync, what, action, since, seen_at, ended_at)"
                        + " values ('sluice', 'dead-letters:deals', 'dead-letters', 'warning', 'deals', '" + what
                        + "', 'Repair them.', now(), now(), now())");
        for (String event : events) {
            DATABASE.run("insert into sluice.alert_notification (channel, alert, event) select channel, max(number), '"
                    + event
                    + "' from sluice.alert, unnest('{log,webhook,slack,mail}'::text[]) channel group by channel");
        }
    }

    private static void awaitDelivered(DefaultCamelContext context) {
        assertThat(context.isStarted()).isTrue();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> DATABASE.texts("select channel from sluice.alert_notification")
                        .isEmpty());
    }

    @Test
    void eachChannelGetsEachBeginAndEndOnceThoughItFailsAtFirst() throws Exception {
        failures.set(4);
        alert("deals: 2 dead letters & <!channel>.", "begin", "end");
        try (DefaultCamelContext context = context(channels())) {
            awaitDelivered(context);
            assertThat(context.getEndpoints().stream().map(Endpoint::getEndpointUri))
                    .isNotEmpty()
                    .noneMatch(uri -> uri.contains("aVerySecretPath") || uri.contains(PASSWORD));
            RouteCoverage.gather(context);
        }
        JsonNode hook = new ObjectMapper().readTree(only(hooks));
        assertThat(hook.path("installation").asText()).isEqualTo("sluice");
        assertThat(hook.path("events").findValuesAsText("event")).containsExactly("begin", "end");
        assertThat(hook.path("events").findValuesAsText("eventId")).doesNotHaveDuplicates();
        JsonNode begin = hook.path("events").get(0).path("alert");
        assertThat(begin.path("id").asText()).isEqualTo("dead-letters:deals");
        assertThat(begin.has("endedAt")).isFalse();
        assertThat(hook.path("events").get(1).path("alert").has("endedAt")).isTrue();
        assertThat(new ObjectMapper().readTree(only(slacks)).path("text").asText())
                .isEqualTo("*begin, warning* deals: 2 dead letters &amp; &lt;!channel&gt;. Repair them.\n"
                        + "*end, warning* deals: 2 dead letters &amp; &lt;!channel&gt;.");

        assertThat(mails.getReceivedMessages()).hasSize(1);
        MimeMessage mail = mails.getReceivedMessages()[0];
        assertThat(mail.getSubject())
                .isEqualTo("[sluice] 2 alerts, first: begin, warning: deals: 2 dead letters & <!channel>.");
        assertThat(mail.getAllRecipients()[0]).hasToString("ops@example.org");
        assertThat(mail.getFrom()[0]).hasToString("sluice@example.org");
        assertThat(GreenMailUtil.getBody(mail)).contains("deals: 2 dead letters", "Repair them.");
    }

    @Test
    void eachChannelGetsTheWordsOfTheCrmWhole() throws Exception {
        alert("deals: the login fails (" + QuotedWords.mark("no user x@example.org") + ").", "begin");
        try (DefaultCamelContext context = context(channels())) {
            awaitDelivered(context);
        }
        String sentence = "deals: the login fails (no user x@example.org).";
        assertThat(new ObjectMapper().readTree(only(hooks)).findValuesAsText("what"))
                .containsExactly(sentence);
        assertThat(only(slacks)).contains(sentence);
        assertThat(mails.getReceivedMessages()[0].getSubject()).endsWith(sentence);
    }

    @Test
    void aReceiverOfShortMessagesGetsAllEventsInOrder() throws Exception {
        maxLength = 600;
        for (int i = 1; i <= 5; i++) {
            alert("sync " + i + ": 1 dead letter.", "begin");
        }
        try (DefaultCamelContext context = context(channels())) {
            awaitDelivered(context);
        }
        List<String> ids = new ArrayList<>();
        for (String hook : List.copyOf(hooks)) {
            ids.addAll(new ObjectMapper().readTree(hook).findValuesAsText("what"));
        }
        assertThat(ids)
                .containsExactly(IntStream.rangeClosed(1, 5)
                        .mapToObj(i -> "sync " + i + ": 1 dead letter.")
                        .toArray(String[]::new));
        assertThat(mails.getReceivedMessages()).hasSize(1);
    }

    @Test
    void anEventWhoseContentIsRejectedKeepsNoOtherBack() throws Exception {
        rejected = "sync 2:";
        for (int i = 1; i <= 3; i++) {
            alert("sync " + i + ": 1 dead letter.", "begin");
        }
        try (DefaultCamelContext context = context(channels())) {
            awaitDelivered(context);
        }
        assertThat(String.join("", hooks)).contains("sync 1:", "sync 3:").doesNotContain("sync 2:");
        assertThat(String.join("", slacks)).contains("sync 1:", "sync 3:").doesNotContain("sync 2:");
        assertThat(mails.getReceivedMessages()).hasSize(1);
    }

    /** The slowest way to answer and the largest: both would hold the delivery to all channels up. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReceiverThatAnswersWithoutEndDelaysNoOtherChannel(boolean slow) throws Exception {
        server.removeContext("/hook/" + SECRET);
        server.createContext("/hook/" + SECRET, exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                byte[] part = new byte[slow ? 1 : 1 << 16];
                for (long sent = 0; sent < 1L << 32; sent += part.length) {
                    out.write(part);
                    out.flush();
                    if (slow) {
                        LockSupport.parkNanos(100_000_000);
                    }
                }
            }
        });
        alert("deals: 1 dead letter.", "begin");
        try (DefaultCamelContext context = context(channels())) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> DATABASE.texts("select channel from sluice.alert_notification")
                            .equals(List.of("webhook")));
            await().atMost(Duration.ofSeconds(60)).until(() -> DATABASE.text(
                            "select attempts > 0 from sluice.alert_channel where channel = 'webhook'")
                    .equals("t"));
            alert("sync 2: 1 dead letter.", "begin");
            await().atMost(Duration.ofSeconds(60)).until(() -> slacks.size() == 2);
            assertThat(context.isStarted()).isTrue();
        }
    }

    private static String only(List<String> bodies) {
        assertThat(bodies).hasSize(1);
        return bodies.get(0);
    }

    @Test
    void aMessageThatFailsWhenTheProcessStopsIsDeliveredByTheNext() throws Exception {
        failures.set(Integer.MAX_VALUE);
        alert("deals: 1 dead letter.", "begin");
        try (DefaultCamelContext context = context(channels())) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> DATABASE.texts(
                                            "select channel from sluice.alert_channel where attempts > 0 and channel <> 'mail'")
                                    .size()
                            == 2);
            assertThat(context.getStatus().isStarted()).isTrue();
        }
        assertThat(hooks).isEmpty();
        failures.set(0);
        try (DefaultCamelContext context = context(channels())) {
            awaitDelivered(context);
        }
        assertThat(hooks).hasSize(1);
        assertThat(slacks).hasSize(1);
        assertThat(mails.getReceivedMessages()).hasSize(1);
    }

    @Test
    void noReasonOfAFailureNamesASecret() {
        AlertChannels channels = channels();
        String address = channels.webhookUrl();

        assertThat(channels.problem(new IOException("can't connect to " + address + " with " + PASSWORD)))
                .isEqualTo("can't connect to *** with ***");
        assertThat(channels.problem(new IOException("no route to /slack/" + SECRET)))
                .isEqualTo("no route to ***");
        assertThat(channels.names()).containsExactly("log", "webhook", "slack", "mail");
    }

    @Test
    void anAddressThatIsNoneIsRejectedWithoutNamingIt() {
        assertThatThrownBy(() -> new AlertChannels(true, "hooks.example.org/" + SECRET, null, null))
                .hasMessageContaining("sluice.alerts.webhook.url")
                .hasMessageNotContaining(SECRET);
    }
}

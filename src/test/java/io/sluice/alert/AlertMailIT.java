// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.store.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes of the alerts deliver to a mail server that rejects recipients or texts. */
class AlertMailIT {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private MailServer server;

    @BeforeEach
    void open() throws Exception {
        DATABASE.reset();
        server = new MailServer();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    /** Rejects the recipients and texts that a test names, and never answers QUIT, for which nobody waits. */
    private static final class MailServer implements AutoCloseable {

        record Mail(List<String> recipients, String text) {}

        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final List<Mail> mails = new CopyOnWriteArrayList<>();
        /** A command, or "." for the end of a text. */
        private volatile String rejectedCommand;

        private volatile String rejectedPart = "";
        private volatile int reply;

        MailServer() throws IOException {
            threads.execute(() -> {
                while (!socket.isClosed()) {
                    try {
                        Socket client = socket.accept();
                        threads.execute(() -> serve(client));
                    } catch (IOException closed) {
                        return;
                    }
                }
            });
        }

        /** @param part a part of the rejected command's line or of the text */
        void reject(String command, String part, int code) {
            rejectedPart = part;
            reply = code;
            rejectedCommand = command;
        }

        private void serve(Socket client) {
            try (client;
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
                    OutputStream out = client.getOutputStream()) {
                List<String> recipients = new ArrayList<>();
                answer(out, 220);
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String command = line.substring(0, Math.min(4, line.length()));
                    int code = code(command, line);
                    if (command.equals("DATA") && code < 400) {
                        answer(out, 354);
                        String text = text(in);
                        code = code(".", text);
                        if (code < 400) {
                            mails.add(new Mail(List.copyOf(recipients), text));
                        }
                    } else if (command.equals("RCPT") && code < 400) {
                        recipients.add(line.substring(line.indexOf('<') + 1, line.indexOf('>')));
                    }
                    if (!command.equals("QUIT")) {
                        answer(out, code);
                    }
                }
            } catch (IOException gone) {
                // the client has closed the connection
            }
        }

        private int code(String command, String text) {
            return command.equals(rejectedCommand) && text.contains(rejectedPart) ? reply : 250;
        }

        private static String text(BufferedReader in) throws IOException {
            StringBuilder text = new StringBuilder();
            for (String line = in.readLine(); line != null && !line.equals("."); line = in.readLine()) {
                text.append(line).append('\n');
            }
            return text.toString();
        }

        private static void answer(OutputStream out, int code) throws IOException {
            out.write((code + " so\r\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }

        @Override
        public void close() throws IOException {
            socket.close();
            threads.shutdownNow();
        }
    }

    private DefaultCamelContext context(String recipients) throws Exception {
        return AlertRoutes.start(DATABASE, channels(recipients), server.socket.getLocalPort());
    }

    private static AlertChannels channels(String recipients) {
        return new AlertChannels(
                false, null, null, new AlertChannels.Mail(recipients, "sluice@example.org", null, null));
    }

    private static void alert(int number) throws SQLException {
        DATABASE.run(
                "insert into sluice.alert (installation, id, kind, severity, sync, what, action, since, seen_at, ended_at)"
                        + " values ('sluice', 'dead-letters:" + number + "', 'dead-letters', 'warning', 'deals', 'sync "
                        + number
                        + ": 1 dead letter.', 'Repair it.', now(), now(), now())",
                "insert into sluice.alert_notification (channel, alert, event)"
                        + " select 'mail', max(number), 'begin' from sluice.alert");
    }

    private static void awaitDelivered(DefaultCamelContext context) {
        assertThat(context.isStarted()).isTrue();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> DATABASE.texts("select channel from sluice.alert_notification")
                        .isEmpty());
    }

    private List<String> delivered() {
        return server.mails.stream()
                .map(mail -> mail.recipients() + " "
                        + mail.text()
                                .lines()
                                .filter(line -> line.startsWith("sync "))
                                .toList())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {550, 452})
    void aRejectedRecipientKeepsNoMailFromTheOthersAndNoneIsSentTwice(int reply) throws Exception {
        server.reject("RCPT", "gone@example.org", reply);
        try (DefaultCamelContext context = context("ops@example.org, gone@example.org")) {
            alert(1);
            awaitDelivered(context);
            alert(2);
            awaitDelivered(context);
        }
        assertThat(delivered())
                .containsExactly(
                        "[ops@example.org] [sync 1: 1 dead letter.]", "[ops@example.org] [sync 2: 1 dead letter.]");
    }

    @ParameterizedTest
    @ValueSource(ints = {550, 552, 554})
    void anEventWhoseTextIsRejectedKeepsNoOtherBack(int reply) throws Exception {
        server.reject(".", "sync 2:", reply);
        for (int i = 1; i <= 3; i++) {
            alert(i);
        }
        try (DefaultCamelContext context = context("ops@example.org")) {
            awaitDelivered(context);
        }
        assertThat(String.join("", delivered())).contains("sync 1:", "sync 3:").doesNotContain("sync 2:");
    }

    @ParameterizedTest
    @CsvSource({"., 451", "RCPT, 550", "MAIL, 554", "DATA, 554"})
    void aMailIsSentAgainAsLongAsItsTextIsNotRejected(String command, int reply) throws Exception {
        server.reject(command, "", reply);
        alert(1);
        try (DefaultCamelContext context = context("ops@example.org")) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> DATABASE.texts("select channel from sluice.alert_channel where attempts >= 5")
                            .equals(List.of("mail")));
            assertThat(delivered()).isEmpty();
            server.reject(null, "", 0);
            awaitDelivered(context);
        }
        assertThat(delivered()).containsExactly("[ops@example.org] [sync 1: 1 dead letter.]");
    }

    @Test
    void recipientsThatAreNoAddressesAreRejectedAtTheStart() {
        for (String recipients : List.of("ops at example.org", "ops@example.org it@example.org", "ops@", ",")) {
            assertThatThrownBy(() -> channels(recipients))
                    .as(recipients)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("application.properties: sluice.alerts.mail.to must be a mail address");
        }
        assertThat(channels("ops@example.org, Night Shift <night@example.org>").names())
                .containsExactly("mail");
    }
}

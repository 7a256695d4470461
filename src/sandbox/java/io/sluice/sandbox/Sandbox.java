// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import io.sluice.sandbox.hubspot.HubspotDefaults;
import io.sluice.sandbox.hubspot.HubspotJournal;
import io.sluice.sandbox.hubspot.HubspotProtocol;
import io.sluice.sandbox.hubspot.HubspotUser;
import io.sluice.sandbox.hubspot.HubspotWebhooks;
import io.sluice.sandbox.salesforce.SalesforceDefaults;
import io.sluice.sandbox.salesforce.SalesforceProtocol;
import io.sluice.sandbox.salesforce.SalesforceUser;
import io.sluice.sandbox.salesforce.pubsub.Gate;
import io.sluice.sandbox.salesforce.pubsub.PubSub;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Automations;
import io.sluice.sandbox.server.Control;
import io.sluice.sandbox.server.CrmUser;
import io.sluice.sandbox.server.Gateway;
import io.sluice.sandbox.server.Journal;
import io.sluice.sandbox.server.JournalReplay;
import io.sluice.sandbox.server.Protocol;
import io.sluice.sandbox.server.SandboxClock;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Runs a practice CRM. It speaks the wire protocols of Salesforce and HubSpot, enforces their limits exactly, fails on
 * demand and counts its requests. It is no place for real data.
 *
 * <pre>{@code
 * try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
 *     URI token = URI.create("http://127.0.0.1:" + sandbox.port() + "/services/oauth2/token");
 * }
 * }</pre>
 */
public final class Sandbox implements AutoCloseable {

    public static final String DEFAULT_HOST = "127.0.0.1";
    public static final int DEFAULT_PORT = 8090;
    public static final int DEFAULT_PUBSUB_PORT = 8091;

    private final Vertx vertx;
    private final HttpServer server;
    private final List<Protocol> protocols;
    private final SandboxFolder folder;
    private final Journal journal;
    private final Consumer<String> teller;
    private final EventBus events;

    /** Serves Salesforce's Pub/Sub API on a port of its own. */
    private record EventBus(PubSub server, Gate gate, String host) {}

    private Sandbox(
            Vertx vertx,
            HttpServer server,
            List<Protocol> protocols,
            SandboxFolder folder,
            Journal journal,
            Consumer<String> teller,
            EventBus events) {
        this.vertx = vertx;
        this.server = server;
        this.protocols = protocols;
        this.folder = folder;
        this.journal = journal;
        this.teller = teller;
        this.events = events;
    }

    /**
     * Runs the sandbox alone, until the process is killed. Reads the system properties {@code sluice.sandbox.host}
     * (127.0.0.1), {@code sluice.sandbox.port} (8090), {@code sluice.sandbox.data} (a data file that survives a
     * restart; none), {@code sluice.sandbox.webhooks} (an address to which its HubSpot sends webhooks; none), {@code
     * sluice.sandbox.pubsub.port} (8091; none when the port is not 8090) and {@code sluice.sandbox.pubsub.tls} (false). A folder named
     * like the data file with {@code .bulk} added keeps the bulk jobs.
     */
    public static void main(String[] arguments) throws InterruptedException {
        String host = System.getProperty("sluice.sandbox.host", DEFAULT_HOST);
        int port = Integer.getInteger("sluice.sandbox.port", DEFAULT_PORT);
        Sandbox sandbox;
        try {
            sandbox = start(host, port, dataFile(System.getProperty("sluice.sandbox.data", "")));
            String webhooks = System.getProperty("sluice.sandbox.webhooks", "");
            if (!webhooks.isBlank()) {
                sandbox.sendWebhooks(webhooks);
            }
            sandbox.servePubSub(
                    System.getProperty("sluice.sandbox.pubsub.port", ""),
                    Boolean.getBoolean("sluice.sandbox.pubsub.tls"));
        } catch (IllegalArgumentException | IllegalStateException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(sandbox::close));
        System.out.printf(
                "The sandbox CRM serves Salesforce at http://%s:%d/services (client id and secret "
                        + "'sluice') and HubSpot at http://%1$s:%2$d/crm (token 'pat-sandbox'). What it counts is at http://%1$s:%2$d/sandbox/referee, its controls at /sandbox.%n",
                host, sandbox.port());
        new CountDownLatch(1).await();
    }

    /** Starts a sandbox that keeps its records in memory; port 0 takes a free one. */
    public static Sandbox start(String host, int port) {
        return start(host, port, Optional.empty());
    }

    /**
     * Starts a sandbox whose records and counters survive in a data file.
     *
     * @throws IllegalStateException with one sentence when the port is taken or the file can't be used
     */
    public static Sandbox start(String host, int port, Optional<Path> data) {
        SandboxClock clock = new SandboxClock();
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setUseDaemonThread(true)
                .setEventLoopPoolSize(2)
                .setWorkerPoolSize(16));
        HubspotWebhooks webhooks = new HubspotWebhooks(vertx);
        HubspotJournal changes = new HubspotJournal();
        Streaming streaming = new Streaming(clock::micros);
        PubSub pubSub = new PubSub();
        Accounts accounts = new Accounts(
                clock,
                Map.of(
                        "salesforce",
                        new SalesforceDefaults(streaming),
                        HubspotProtocol.CRM,
                        new HubspotDefaults(webhooks, changes)));
        streaming.spendBy(accounts::spend);
        Journal journal;
        try {
            journal = restore(accounts, data);
        } catch (IllegalStateException e) {
            vertx.close();
            throw e;
        }
        accounts.create("salesforce", "salesforce");
        Account hubspot = accounts.create(HubspotProtocol.CRM, HubspotProtocol.CRM);
        SandboxFolder folder = folder(data);
        Map<String, CrmUser> users = Map.of("salesforce", new SalesforceUser(), HubspotProtocol.CRM, new HubspotUser());
        Control control = new Control(
                vertx,
                clock,
                accounts,
                users,
                Map.of(
                        "webhooks",
                        webhooks,
                        "webhooks-journal",
                        changes,
                        "journal",
                        changes,
                        "streaming",
                        streaming,
                        "pubsub",
                        pubSub,
                        "automations",
                        new Automations(vertx, clock, users)));
        SalesforceProtocol salesforce = new SalesforceProtocol(accounts, folder.jobs(), clock::micros);
        List<Protocol> protocols = List.of(
                salesforce.soap(),
                salesforce.cometd(streaming),
                salesforce,
                new HubspotProtocol(accounts, webhooks, changes, clock::micros));
        Gateway gateway = new Gateway(vertx, clock, accounts, protocols, control, folder.uploads());
        // HTTP/1.1 alone: there a cut connection is one request's. The vendor takes 16,384 bytes of address and
        // headers;
        // more is 414 or 431, and nobody counts it
        HttpServer server = vertx.createHttpServer(new HttpServerOptions()
                .setMaxInitialLineLength(16_384)
                .setMaxHeaderSize(16_384)
                .setDecompressionSupported(true)
                .setHttp2ClearTextEnabled(false)
                .setHandle100ContinueAutomatically(true));
        Sandbox sandbox = new Sandbox(
                vertx,
                server,
                protocols,
                folder,
                journal,
                url -> webhooks.sendTo(hubspot, url),
                new EventBus(pubSub, salesforce.pubSub(streaming), host));
        try {
            server.requestHandler(gateway::handle)
                    .listen(port, host)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            sandbox.close();
            throw new IllegalStateException(
                    "The sandbox can't listen on " + host + ":" + port + " ("
                            + (e.getCause() == null ? e : e.getCause()).getMessage()
                            + "): stop what uses the port, or set sluice.sandbox.port to another.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            sandbox.close();
            throw new IllegalStateException("The start of the sandbox was interrupted.", e);
        }
        return sandbox;
    }

    /** Reads the data file from a setting; none when the setting is blank. */
    public static Optional<Path> dataFile(String setting) {
        return setting.isBlank() ? Optional.empty() : Optional.of(Path.of(setting.trim()));
    }

    public int port() {
        return server.actualPort();
    }

    /**
     * Sends webhooks for all changes of contacts, companies and deals of the HubSpot account to an address.
     *
     * @throws IllegalArgumentException when it is no address
     */
    public void sendWebhooks(String url) {
        teller.accept(url);
    }

    /**
     * Serves Salesforce's Pub/Sub API by gRPC.
     *
     * @param port a number, 0 for a free one; blank for 8091, or for none when the sandbox's own port is not its default
     * @param tls  by TLS with a certificate that it makes itself, otherwise in plain text
     * @throws IllegalStateException with one sentence when the port is taken
     */
    public void servePubSub(String port, boolean tls) {
        if (!port.isBlank()) {
            servePubSub(Integer.parseInt(port.trim()), tls);
        } else if (port() == DEFAULT_PORT) {
            servePubSub(DEFAULT_PUBSUB_PORT, tls);
        }
    }

    /** As {@link #servePubSub(String, boolean)}, on a port. */
    public void servePubSub(int port, boolean tls) {
        try {
            events.server().start(events.gate(), events.host(), port, tls);
        } catch (IOException e) {
            close();
            throw new IllegalStateException(
                    "The sandbox can't listen on " + events.host() + ":" + port + " (" + e.getMessage()
                            + "): stop what uses the port, or set sluice.sandbox.pubsub.port to another.",
                    e);
        }
    }

    /** Answers the port of the Pub/Sub API, or 0 when it is not served. */
    public int pubSubPort() {
        return events.server().port();
    }

    /** Answers the certificate of the Pub/Sub API in PEM form, or null without TLS. */
    public String pubSubCertificate() {
        return events.server().certificate();
    }

    /** Stops serving; records kept in memory alone are lost. */
    @Override
    public void close() {
        events.server().close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        protocols.forEach(Protocol::close);
        try {
            journal.close();
            folder.close();
        } catch (IOException e) {
            throw new IllegalStateException("The sandbox can't close its files.", e);
        }
    }

    private static SandboxFolder folder(Optional<Path> data) {
        try {
            return SandboxFolder.open(data);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "The sandbox can't make its folder for bulk jobs: " + e.getMessage()
                            + ". Make room or set sluice.sandbox.data to a file elsewhere.",
                    e);
        }
    }

    private static Journal restore(Accounts accounts, Optional<Path> data) {
        if (data.isEmpty()) {
            return Journal.off();
        }
        try {
            // a live sandbox's file is locked, so try that before reading and maybe rewriting it
            Journal.open(data.get()).close();
            new JournalReplay(accounts).replay(data.get());
            Journal journal = Journal.open(data.get());
            accounts.keepIn(journal);
            return journal;
        } catch (IOException e) {
            throw new IllegalStateException(
                    "The sandbox can't use its data file " + data.get() + ": " + e.getMessage(), e);
        }
    }
}

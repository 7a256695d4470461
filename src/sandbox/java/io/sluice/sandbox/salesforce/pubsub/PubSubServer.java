// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.sluice.sandbox.server.Account;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Serves the Pub/Sub API by gRPC, in plain text or by TLS with a certificate that it makes itself.
 */
public final class PubSubServer implements AutoCloseable {

    /** Beginning of the names of all its operations. */
    public static final String OPERATION = "pubsub";

    private static final long TICK_MILLIS = 50;

    private final Server server;
    private final PubSubService service;
    private final ExecutorService executor;
    private final ScheduledExecutorService clock;
    private final String certificate;

    private PubSubServer(
            Server server,
            PubSubService service,
            ExecutorService executor,
            ScheduledExecutorService clock,
            String certificate) {
        this.server = server;
        this.service = service;
        this.executor = executor;
        this.clock = clock;
        this.certificate = certificate;
    }

    /**
     * Starts to serve.
     *
     * @param port 0 takes a free one
     * @throws IOException when the port is taken
     */
    public static PubSubServer start(Gate gate, String host, int port, boolean tls) throws IOException {
        ExecutorService executor = Executors.newCachedThreadPool(daemon("sandbox-pubsub"));
        PubSubService service = new PubSubService(gate, executor);
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
                .executor(executor)
                .permitKeepAliveTime(1, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .intercept(new Authentication(gate))
                .addService(service);
        String certificate = null;
        if (tls) {
            OwnCertificate own = OwnCertificate.make(host);
            certificate = own.pem();
            builder.sslContext(GrpcSslContexts.configure(
                            SslContextBuilder.forServer(own.key(), own.certificate()), SslProvider.JDK)
                    .build());
        }
        Server server;
        try {
            server = builder.build().start();
        } catch (IOException e) {
            executor.shutdownNow();
            throw e;
        }
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(daemon("sandbox-pubsub-clock"));
        clock.scheduleWithFixedDelay(service::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        return new PubSubServer(server, service, executor, clock, certificate);
    }

    private static ThreadFactory daemon(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    public int port() {
        return server.getPort();
    }

    /** Answers the certificate in PEM form, or null when it serves in plain text. */
    public String certificate() {
        return certificate;
    }

    /** Ends the subscriptions of an account as a server does that goes. */
    public void cut(Account account) {
        service.cut(account);
    }

    @Override
    public void close() {
        clock.shutdownNow();
        server.shutdownNow();
        try {
            server.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
    }
}

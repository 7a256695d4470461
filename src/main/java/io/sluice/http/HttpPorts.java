// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.component.platform.http.PlatformHttpComponent;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks requests before the routes on each HTTP port: {@link HttpAccess} on the ports of the API and of the management, and the
 * webhooks' own port, which serves nothing else. No answer contains a header of its request.
 */
public final class HttpPorts implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpPorts.class);
    private static final String ON_WEBHOOK_PORT = "sluice.on-webhook-port";
    private static final int START_TIMEOUT_SECONDS = 20;

    private final CamelContext context;
    private final HttpAccess access;
    private final Visitors visitors;
    private final TimedVertx vertx;
    private final BiConsumer<String, Integer> rejected;
    private final Set<VertxPlatformHttpRouter> guarded = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Consumer<Router>> served = new ArrayList<>();
    private final AtomicLong bodies = new AtomicLong();
    private HttpServer webhooks;

    /**
     * Makes the ports of a context that has not started yet.
     *
     * @param visitors       finds who sends a request
     * @param requestTimeout maximum time until a request has arrived completely
     * @param rejected       consumer of the account and the status of each webhook request that reaches no route
     */
    public HttpPorts(
            CamelContext context,
            HttpAccess access,
            Visitors visitors,
            Duration requestTimeout,
            BiConsumer<String, Integer> rejected) {
        this.context = context;
        this.access = access;
        this.visitors = visitors;
        this.vertx = new TimedVertx(requestTimeout, this::guard);
        this.rejected = rejected;
        context.getRegistry().bind("sluiceVertx", Vertx.class, vertx);
        PlatformHttpComponent http = context.getComponent("platform-http", PlatformHttpComponent.class);
        http.setHeaderFilterStrategy(new RequestHeaders());
        // the API answers JSON whatever a request accepts, and its errors too, rather than an empty 406
        http.setServerRequestValidation(false);
    }

    /** Adds handlers to the port of the API, beside those of the routes; the checks come before them. */
    public synchronized void serve(Consumer<Router> handlers) {
        served.add(handlers);
    }

    /** Adds the checks before all handlers of a router: no server listens before its router has them. */
    private synchronized void guard() {
        context.getRegistry().findByType(VertxPlatformHttpRouter.class).stream()
                .filter(guarded::add)
                .forEach(router -> {
                    router.route()
                            .order(Integer.MIN_VALUE)
                            .handler(request -> check(request, router.isManagementServer()));
                    if (!router.isManagementServer()) {
                        served.forEach(handlers -> handlers.accept(router));
                    }
                });
    }

    private void check(RoutingContext context, boolean management) {
        if (context.get(ON_WEBHOOK_PORT) != null) {
            context.next();
            return;
        }
        begin(context);
        HttpAccess.Head head = head(context, management);
        if (!access.needsCaller(head)) {
            decide(context, head, null);
            return;
        }
        // nothing of the body may arrive while the session is looked up, since nobody reads it yet
        context.request().pause();
        visitors.find(context).onComplete(visitor -> {
            context.request().resume();
            if (visitor.failed()) {
                reject(context, new HttpAccess.Rejection(503, "database", "The database does not answer; try again."));
            } else {
                decide(context, head, visitor.result().orElse(null));
            }
        });
    }

    /** Vert.x has no other way than the deprecated one to set a user whom no handler of its own has authenticated. */
    @SuppressWarnings("deprecation")
    private void decide(RoutingContext context, HttpAccess.Head head, Caller visitor) {
        Caller caller = access.caller(head, visitor);
        Optional<HttpAccess.Rejection> rejection = access.check(head, caller);
        if (rejection.isPresent()) {
            reject(context, rejection.get());
            return;
        }
        if (caller != null) {
            context.setUser(caller.user());
            visitors.audit(context, caller);
        }
        context.next();
    }

    private static void reject(RoutingContext context, HttpAccess.Rejection rejection) {
        context.response()
                .setStatusCode(rejection.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .putHeader(HttpHeaders.CONNECTION, "close");
        if (rejection.status() == 401) {
            context.response().putHeader("WWW-Authenticate", "Bearer");
        }
        context.response().end(new JsonObject().put("error", rejection.words()).encode());
    }

    /** Reads the head of a request; its path is normalised as for the lookup of routes, without dots and escapes. */
    private HttpAccess.Head head(RoutingContext context, boolean management) {
        HttpServerRequest request = context.request();
        MultiMap headers = request.headers();
        String length = headers.get(HttpHeaders.CONTENT_LENGTH);
        return new HttpAccess.Head(
                request.method().name(),
                context.normalizedPath(),
                headers.get(HttpHeaders.HOST),
                visitors.publicHost(request),
                request.localAddress() == null ? null : request.localAddress().hostAddress(),
                management,
                headers.get(HttpHeaders.ORIGIN),
                headers.get("Sec-Fetch-Site"),
                headers.get(HttpHeaders.CONTENT_TYPE),
                headers.contains(HttpHeaders.TRANSFER_ENCODING) || length != null && !length.equals("0"),
                headers.get(HttpHeaders.AUTHORIZATION));
    }

    private void begin(RoutingContext context) {
        HttpServerRequest request = context.request();
        Promise<Void> answered = Promise.promise();
        context.addEndHandler(end -> answered.tryComplete());
        vertx.began(request, answered.future());
        List.copyOf(request.headers().names()).stream()
                .filter(RequestHeaders::steers)
                .forEach(request.headers()::remove);
        context.addHeadersEndHandler(before -> removeRequestHeaders(context));
    }

    /** Removes the headers of the request and of its query from the answer, into which Camel writes them. */
    private static void removeRequestHeaders(RoutingContext context) {
        MultiMap answer = context.response().headers();
        List<MultiMap> ofRequest = new ArrayList<>(List.of(
                context.request().headers(),
                context.queryParams(),
                context.request().formAttributes()));
        for (String name : List.copyOf(answer.names())) {
            String value = answer.get(name);
            boolean own = name.equalsIgnoreCase("Content-Length")
                    || name.equalsIgnoreCase("Connection")
                    || name.equalsIgnoreCase("Content-Type")
                            && value.toLowerCase(Locale.ROOT).startsWith("application/json");
            boolean fromRequest =
                    ofRequest.stream().anyMatch(all -> all.getAll(name).contains(value))
                            || context.pathParams().entrySet().stream()
                                    .anyMatch(parameter -> parameter.getKey().equalsIgnoreCase(name)
                                            && parameter.getValue().equals(value));
            if (!own && fromRequest) {
                answer.remove(name);
            }
        }
        answer.set("X-Content-Type-Options", "nosniff");
        if (!answer.contains(HttpHeaders.CACHE_CONTROL)) {
            answer.set(HttpHeaders.CACHE_CONTROL, "no-store");
        }
    }

    /**
     * Serves the webhooks on a port of their own.
     *
     * @param maxBody   maximum bytes of one request
     * @param maxBodies maximum bytes of all concurrent requests; further ones are answered with 503, to be sent again
     */
    public void serveWebhooks(String host, int port, long maxBody, long maxBodies) {
        Optional<VertxPlatformHttpRouter> served =
                context.getRegistry().findByType(VertxPlatformHttpRouter.class).stream()
                        .filter(router -> !router.isManagementServer())
                        .findFirst();
        if (served.isEmpty()) {
            return; // camel.server.enabled = false: no route is served at all
        }
        VertxPlatformHttpRouter router = served.get();
        Router own = Router.router(vertx);
        own.route().handler(request -> admit(request, maxBody, maxBodies));
        own.route().handler(BodyHandler.create(false).setBodyLimit(maxBody));
        own.route("/*").subRouter(router);
        own.route().failureHandler(this::failed);
        webhooks = vertx.createHttpServer().requestHandler(own);
        try {
            webhooks.listen(port, host)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(START_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            LOG.info("Webhooks are served at http://{}:{}{}ACCOUNT.", host, port, HttpAccess.WEBHOOKS);
        } catch (ExecutionException | TimeoutException taken) {
            throw new IllegalStateException(
                    "application.properties: sluice.webhooks.port = " + port + ": webhooks can't be served there: "
                            + taken.getCause(),
                    taken);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(RoutingContext context, long maxBody, long maxBodies) {
        context.put(ON_WEBHOOK_PORT, true);
        begin(context);
        if (!context.normalizedPath().startsWith(HttpAccess.WEBHOOKS)) {
            context.response()
                    .setStatusCode(404)
                    .putHeader(HttpHeaders.CONNECTION, "close")
                    .end();
            return;
        }
        long length = length(context.request(), maxBody);
        if (bodies.addAndGet(length) > maxBodies) {
            bodies.addAndGet(-length);
            reject(context, 503);
            return;
        }
        context.addEndHandler(end -> bodies.addAndGet(-length));
        context.next();
    }

    /** Returns the length of the body in bytes; the maximum if the request does not name it. */
    private static long length(HttpServerRequest request, long maxBody) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (length == null && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
            return 0;
        }
        return length != null && length.matches("\\d{1,15}") ? Math.min(Long.parseLong(length), maxBody) : maxBody;
    }

    private void failed(RoutingContext context) {
        if (context.statusCode() == 413) {
            reject(context, 413);
        } else {
            context.next();
        }
    }

    private void reject(RoutingContext context, int status) {
        rejected.accept(context.normalizedPath().substring(HttpAccess.WEBHOOKS.length()), status);
        context.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONNECTION, "close")
                .end();
    }

    @Override
    public void close() {
        if (webhooks != null) {
            webhooks.close();
        }
        vertx.shutDown();
    }
}

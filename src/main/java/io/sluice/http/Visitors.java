// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.sluice.store.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Logs people in and out, and finds who sends a request: by the cookie of a session, or by the header of a proxy that has logged
 * the person in. The cookie can't be read by scripts and is not sent by other sites (RFC 6265bis,
 * https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/).
 */
public final class Visitors {

    private static final String COOKIE = "sluice-session";
    private static final long MAX_BODY_BYTES = 4096;
    private static final int MAX_LENGTH = 200;
    private static final int PASSWORD_THREADS = 2;
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    /** Time after which a person whom a proxy has logged in passes the proxy again; it alone knows when a login ends. */
    private static final Duration PROXY_CHECK = Duration.ofMinutes(5);

    private static final String READS_SINCE = "sluice.reads-since";

    /**
     * A proxy that logs people in, such as oauth2-proxy for OIDC.
     *
     * @param header header with the person's name
     * @param roles  roles of people who are not users of Sluice
     */
    public record Proxy(String header, Set<Caller.Role> roles) {}

    private final Users users;
    private final Proxy proxy;
    private final PublicAddress proxies;
    private final LongSupplier clock;
    private final LoginThrottle throttle;
    private WorkerExecutor passwordThreads;
    private volatile WebSessions sessions;
    private volatile Audit audit;

    /**
     * @param proxy   proxy that logs people in, or null
     * @param proxies addresses of proxies; headers of anybody else are ignored
     */
    public Visitors(Users users, Proxy proxy, PublicAddress proxies) {
        this(users, proxy, proxies, System::nanoTime);
    }

    /** @param clock clock in nanoseconds that is never set */
    Visitors(Users users, Proxy proxy, PublicAddress proxies, LongSupplier clock) {
        this.users = users;
        this.proxy = proxy;
        this.proxies = proxies;
        this.clock = clock;
        this.throttle = new LoginThrottle(clock);
    }

    /** Begins to use the database, which is opened after the ports are made. */
    public void open(Database database) {
        sessions = new WebSessions(database, users);
        audit = new Audit(database);
    }

    /** Whether people log in here. */
    public boolean hasLogin() {
        return proxy != null || !users.isEmpty();
    }

    /** Finds the person of a request; empty if there is none. */
    Future<Optional<Caller>> find(RoutingContext context) {
        Optional<Caller> byProxy = byProxy(context.request());
        Cookie cookie = context.request().getCookie(COOKIE);
        if (byProxy.isPresent() || cookie == null || users.isEmpty() || sessions == null) {
            return Future.succeededFuture(byProxy);
        }
        String id = cookie.getValue();
        return Vertx.currentContext().executeBlocking(() -> sessions.find(id), false);
    }

    /**
     * Whether the person of a request that is still being answered may read on. The session may have ended meanwhile; a person
     * whom a proxy has logged in reads for some minutes and asks again, by way of the proxy.
     */
    public Future<Boolean> remains(RoutingContext context) {
        if (byProxy(context.request()).isPresent()) {
            Long since = context.get(READS_SINCE, clock.getAsLong());
            context.put(READS_SINCE, since);
            return Future.succeededFuture(clock.getAsLong() - since < PROXY_CHECK.toNanos());
        }
        Cookie cookie = context.request().getCookie(COOKIE);
        if (cookie == null || users.isEmpty()) {
            return Future.succeededFuture(true);
        }
        return find(context).map(caller -> caller.isPresent() && caller.get().may(Caller.Role.READ));
    }

    private Optional<Caller> byProxy(HttpServerRequest request) {
        if (proxy == null || !proxies.trusts(address(request))) {
            return Optional.empty();
        }
        List<String> names = request.headers().getAll(proxy.header());
        // the proxy sets one; with a second one it is unknown which of them a stranger has sent
        String name = names.size() == 1 ? names.get(0) : "";
        return name.isBlank() || name.length() > MAX_LENGTH
                ? Optional.empty()
                : Optional.of(users.find(name).orElse(new Caller(name, proxy.roles())));
    }

    private String sender(HttpServerRequest request) {
        return proxies.sender(
                request.remoteAddress().hostAddress(),
                request.headers().getAll("X-Forwarded-For"),
                request.headers().getAll("Forwarded"));
    }

    /** Returns the host that the caller named to a trusted proxy, with its port; null if no such proxy names one. */
    String publicHost(HttpServerRequest request) {
        if (!proxies.trusts(address(request))) {
            return null;
        }
        String base = proxies.base("http://", address(request), request::getHeader);
        String host = base.substring(base.indexOf("//") + 2).split("/", 2)[0];
        return host.isEmpty() ? null : host;
    }

    private static InetAddress address(HttpServerRequest request) {
        try {
            return InetAddress.getByName(request.remoteAddress().hostAddress());
        } catch (UnknownHostException impossible) {
            return null;
        }
    }

    /** Records a request that changes something once it is answered. */
    void audit(RoutingContext context, Caller caller) {
        HttpServerRequest request = context.request();
        if (audit == null || READING.contains(request.method().name())) {
            return;
        }
        String action = request.method().name() + " " + request.uri();
        context.addEndHandler(
                end -> record(caller.name(), request, action, context.response().getStatusCode()));
    }

    private void record(String name, HttpServerRequest request, String action, int status) {
        String address = sender(request);
        Vertx.currentContext()
                .executeBlocking(
                        () -> {
                            audit.record(name, address, action, status);
                            return null;
                        },
                        false);
    }

    /** Adds login, logout and the question who is logged in to the router of a port. */
    public void serve(Router router) {
        router.post(HttpAccess.LOGIN)
                .handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES))
                .handler(this::login);
        router.post(HttpAccess.LOGOUT).handler(this::logout);
        router.get(HttpAccess.ME).handler(this::me);
    }

    private void login(RoutingContext context) {
        String name;
        String password;
        try {
            JsonObject body = context.body().asJsonObject();
            name = text(body, "name");
            password = text(body, "password");
        } catch (DecodeException | ClassCastException broken) {
            answer(context, 400, "Send {\"name\": \"...\", \"password\": \"...\"}.");
            return;
        }
        String address = sender(context.request());
        Optional<Duration> wait = throttle.begin(name, address);
        if (wait.isPresent()) {
            long seconds = wait.get().toSeconds() + 1;
            context.response().putHeader("Retry-After", Long.toString(seconds));
            answer(context, 429, "Too many wrong passwords. Try again in " + seconds + " s.");
            return;
        }
        String shown = users.find(name).isPresent() ? name : "unknown";
        passwordThreads(Vertx.currentContext().owner())
                .executeBlocking(
                        () -> {
                            Optional<Caller> caller = users.login(name, password);
                            return caller.isEmpty()
                                    ? Optional.<String>empty()
                                    : Optional.of(sessions.open(caller.get()));
                        },
                        false)
                .onSuccess(session -> {
                    if (session.isEmpty()) {
                        record(shown, context.request(), "login", 401);
                        answer(context, 401, "The name or the password is wrong.");
                    } else {
                        throttle.succeeded(name, address);
                        record(shown, context.request(), "login", 204);
                        context.response().addCookie(cookie(context, session.get()));
                        context.response().setStatusCode(204).end();
                    }
                })
                .onFailure(away -> answer(context, 503, "The database does not answer; try again."));
    }

    /** Returns threads of their own, so that many logins at once, each some hundredths of a second of work, delay nothing else. */
    private synchronized WorkerExecutor passwordThreads(Vertx vertx) {
        if (passwordThreads == null) {
            passwordThreads = vertx.createSharedWorkerExecutor("sluice-login", PASSWORD_THREADS);
        }
        return passwordThreads;
    }

    /** Returns a field of the body; empty if it is missing or null. */
    private static String text(JsonObject body, String name) {
        String value = body == null ? null : body.getString(name);
        return value == null ? "" : value;
    }

    private static Cookie cookie(RoutingContext context, String session) {
        boolean encrypted =
                context.request().isSSL() || "https".equals(context.request().getHeader("X-Forwarded-Proto"));
        return Cookie.cookie(COOKIE, session)
                .setPath("/")
                .setHttpOnly(true)
                .setSameSite(CookieSameSite.STRICT)
                .setSecure(encrypted);
    }

    private void logout(RoutingContext context) {
        Cookie cookie = context.request().getCookie(COOKIE);
        context.response().addCookie(cookie(context, "").setMaxAge(0));
        if (cookie == null || sessions == null) {
            context.response().setStatusCode(204).end();
            return;
        }
        Vertx.currentContext()
                .executeBlocking(
                        () -> {
                            sessions.close(cookie.getValue());
                            return null;
                        },
                        false)
                .onSuccess(done -> context.response().setStatusCode(204).end())
                .onFailure(away -> answer(context, 503, "The database does not answer; try again."));
    }

    /** Answers who is logged in, with the roles, and whether people log in here; without a name if nobody is. */
    private void me(RoutingContext context) {
        JsonObject me = context.user() == null
                ? new JsonObject().putNull("username").put("roles", new JsonArray())
                : context.user().principal().copy();
        json(context, 200, me.put("login", !users.isEmpty()));
    }

    private static void answer(RoutingContext context, int status, String sentence) {
        json(context, status, new JsonObject().put("error", sentence));
    }

    private static void json(RoutingContext context, int status, JsonObject body) {
        context.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(Buffer.buffer(body.encode()));
    }
}

package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The way of every request: admitted or refused by the limiter, met by the faults, answered by its protocol, counted
 * by the referee. The limiter is asked on arrival; the work runs on a worker thread, so that a long query holds up
 * nobody.
 */
public final class Gateway {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final byte[] NO_BODY = {};

    private final Vertx vertx;
    private final SandboxClock clock;
    private final Accounts accounts;
    private final List<Protocol> protocols;
    private final Control control;
    private final Path uploads;
    private final AtomicLong uploaded = new AtomicLong();

    /** @param uploads a folder for bodies too large for the memory */
    public Gateway(Vertx vertx, SandboxClock clock, Accounts accounts, List<Protocol> protocols, Control control,
            Path uploads) {
        this.vertx = vertx;
        this.clock = clock;
        this.accounts = accounts;
        this.protocols = protocols;
        this.control = control;
        this.uploads = uploads;
    }

    public void handle(HttpServerRequest http) {
        guarded(http, () -> receive(http));
    }

    private void receive(HttpServerRequest http) {
        Call head = head(http);
        OptionalLong most = protocols.stream().filter(p -> p.serves(head)).findFirst().map(p -> p.uploaded(head))
                .orElse(OptionalLong.empty());
        if (most.isEmpty()) {
            http.body().onSuccess(body -> guarded(http, () -> route(http, head.with(body.getBytes(), null))));
            return;
        }
        Path file = uploads.resolve("upload-" + uploaded.incrementAndGet());
        // ends and closes alike: what the work has not moved away by then nobody wants
        http.response().endHandler(v -> vertx.fileSystem().delete(file.toString()));
        Upload.store(vertx, http, file, most.getAsLong())
                .onSuccess(v -> guarded(http, () -> route(http, head.with(head.body(), file))))
                .onFailure(e -> {
                    LOG.warn("The sandbox lost an upload: {}", e.toString());
                    send(http.response(), failure());
                });
    }

    private static void guarded(HttpServerRequest http, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.error("The sandbox failed on {} {}.", http.method(), http.path(), e);
            send(http.response(), failure());
        }
    }

    private void route(HttpServerRequest http, Call call) {
        if (call.path().startsWith("/sandbox")) {
            control.handle(call, http.response());
            return;
        }
        Optional<Protocol> protocol = protocols.stream().filter(p -> p.serves(call)).findFirst();
        if (protocol.isEmpty()) {
            send(http.response(), Answer.text(404, "text/plain", "This sandbox serves nothing at " + call.path()
                    + ". See /sandbox for what it serves.\n"));
            return;
        }
        new Passage(http, protocol.get(), protocol.get().open(call)).begin();
    }

    /** One request on its way. */
    private final class Passage {

        private final HttpServerRequest http;
        private final Protocol protocol;
        private final Request request;
        private Limiter.Admission admission;
        private Set<String> keys = Set.of();
        private boolean done;
        private boolean gone;
        private boolean left;

        Passage(HttpServerRequest http, Protocol protocol, Request request) {
            this.http = http;
            this.protocol = protocol;
            this.request = request;
        }

        void begin() {
            Account account = request.account();
            if (request.kind() == Request.Kind.UNAUTHORIZED) {
                if (account != null) {
                    account.tally().unauthorized();
                }
                send(http.response(), request.work().run(null));
            } else if (request.kind() == Request.Kind.LOGIN) {
                login();
            } else {
                data();
            }
        }

        private void login() {
            Account account = request.account();
            if (account != null) {
                account.tally().login(request.operation());
                accounts.journal().counted(account.name(), request.operation(), request.kind(), clock.micros(), false);
                faulted();
            } else {
                work(attempt(false)).onSuccess(answer -> answer(answer, Map.of()));
            }
        }

        private void data() {
            Account account = request.account();
            Optional<Fault> refusal = strike(Fault.Kind.REFUSE);
            if (refusal.isPresent()) {
                refuse(refusal.get().settings().path("limit").asText(Limiter.DAILY), clock.micros());
                return;
            }
            admission = account.limiter().admit(limit -> account.counts(request.operation(), limit));
            if (admission.refusedBy().isPresent()) {
                refuse(admission.refusedBy().get(), admission.micros());
                return;
            }
            account.tally().accepted(request.operation(), request.kind() == Request.Kind.EXEMPT);
            accounts.journal().counted(account.name(), request.operation(), request.kind(), admission.micros(), false);
            http.response().closeHandler(v -> {
                gone = true;
                leaveWhenOver();
            });
            faulted();
        }

        /** Does the work, in whatever way the faults leave it to be done. */
        private void faulted() {
            Optional<Fault> down = strike(Fault.Kind.UNAVAILABLE);
            if (down.isPresent()) {
                answer(protocol.unavailable(down.get()), Map.of());
                return;
            }
            Optional<Fault> reset = strike(Fault.Kind.RESET);
            Optional<Fault> hang = reset.isPresent() ? Optional.empty() : strike(Fault.Kind.HANG);
            Optional<Fault> slow = strike(Fault.Kind.SLOW);
            Optional<Fault> late = strike(Fault.Kind.LATE_COMMIT);
            if (reset.isPresent() && !afterWrite(reset)) {
                cut(null, Map.of());
            } else if (hang.isPresent() && !afterWrite(hang)) {
                done = true;
            } else {
                perform(slow, late, reset.isPresent(), hang.isPresent());
            }
        }

        private void perform(Optional<Fault> slow, Optional<Fault> late, boolean reset, boolean hang) {
            Request.Attempt attempt = attempt(late.isPresent());
            boolean slowFirst = slow.isPresent() && slow.get().settings().path("before").asBoolean();
            vertx.executeBlocking(() -> request.keys().get(), false)
                    .otherwise(Set.of())
                    .onSuccess(found -> {
                        keys = found;
                        Tally tally = request.account().tally();
                        if (tally.writesBegin(found)) {
                            accounts.journal().met(request.account().name(), tally.maxWritesInFlight());
                        }
                    })
                    .compose(v -> slowFirst ? pause(slow.get().delayMillis()) : Future.succeededFuture())
                    .compose(v -> told().map(Future::succeededFuture).orElseGet(() -> work(attempt)))
                    .compose(answer -> released(attempt, late).map(answer))
                    .compose(answer -> slow.isPresent() && !slowFirst
                            ? pause(slow.get().delayMillis()).map(answer) : Future.succeededFuture(answer))
                    .onSuccess(answer -> {
                        done = true;
                        if (reset) {
                            cut(answer, attempt.written());
                        } else if (!hang) {
                            answer(answer, attempt.written());
                        }
                        leaveWhenOver();
                    });
        }

        /** The answer that a fault gives in place of the work, if one does. */
        private Optional<Answer> told() {
            if (request.account() == null) {
                return Optional.empty();
            }
            return request.account().faults().strike(Fault.Kind.ANSWER, request, keys).map(fault -> {
                JsonNode settings = fault.settings();
                if (!settings.has("body")) {
                    return protocol.error(request, fault);
                }
                String body = settings.path("body").asText();
                int status = settings.path("status").asInt(400);
                return body.isEmpty() ? Answer.empty(status)
                        : Answer.text(status, settings.path("contentType").asText("text/html;charset=UTF-8"), body);
            });
        }

        private Future<Answer> work(Request.Attempt attempt) {
            return vertx.executeBlocking(() -> request.work().run(attempt), false).recover(e -> {
                LOG.error("The sandbox failed on {}.", request.operation(), e);
                return Future.succeededFuture(failure());
            });
        }

        /** A late commit: the answer waits until its writes can be seen. */
        private Future<Void> released(Request.Attempt attempt, Optional<Fault> late) {
            if (attempt.held().isEmpty()) {
                return Future.succeededFuture();
            }
            return pause(late.map(Fault::lateMillis).orElse(0L)).onSuccess(v -> attempt.held().get().release());
        }

        private Optional<Fault> strike(Fault.Kind kind) {
            return request.account().faults().strike(kind, request);
        }

        private Request.Attempt attempt(boolean late) {
            Account account = request.account();
            return new Request.Attempt(account == null ? null
                    : account.faults().forRows(request.operation()), late);
        }

        private void refuse(String limit, long micros) {
            request.account().tally().refused(request.operation());
            accounts.journal().counted(request.account().name(), request.operation(), request.kind(), micros, true);
            answer(protocol.refusal(request, limit), Map.of());
        }

        private void answer(Answer answer, Map<String, Integer> written) {
            count(answer.status(), written);
            done = true;
            Answer complete = request.account() == null ? answer : protocol.complete(request, answer);
            leave();
            HttpServerResponse response = http.response();
            if (complete.chunks() == null || response.closed()) {
                send(response, complete);
            } else {
                headers(response, complete);
                new ChunkStream(vertx, response, complete.chunks()).begin();
            }
        }

        /** Cuts the connection, after half of the answer where there is one. */
        private void cut(Answer answer, Map<String, Integer> written) {
            count(0, written);
            done = true;
            leave();
            if (answer == null || answer.body().length < 2 && answer.chunks() == null) {
                http.connection().close();
                return;
            }
            HttpServerResponse response = http.response();
            headers(response, answer);
            if (answer.chunks() != null) {
                new ChunkStream(vertx, response, answer.chunks()).first().onComplete(v -> http.connection().close());
                return;
            }
            response.putHeader("Content-Length", String.valueOf(answer.body().length));
            response.write(Buffer.buffer(answer.body()).slice(0, answer.body().length / 2))
                    .onComplete(v -> http.connection().close());
        }

        private void count(int status, Map<String, Integer> written) {
            if (request.account() != null && request.kind() == Request.Kind.DATA) {
                request.account().tally().answered(status, written);
                accounts.journal().answered(request.account().name(), status, written);
            }
        }

        private void leaveWhenOver() {
            if (done && gone) {
                leave();
            }
        }

        /** The request is over: it is no longer in flight. */
        private void leave() {
            if (!left && admission != null) {
                left = true;
                request.account().limiter().finished(admission);
                request.account().tally().writesEnd(keys);
            }
        }

        private Future<Void> pause(long millis) {
            Promise<Void> promise = Promise.promise();
            vertx.setTimer(Math.max(1, millis), id -> promise.complete());
            return promise.future();
        }
    }

    private static boolean afterWrite(Optional<Fault> fault) {
        return fault.map(f -> f.settings().path("afterWrite").asBoolean()).orElse(false);
    }

    private static Answer failure() {
        return Answer.json(500, ("[{\"message\":\"An unexpected error occurred in the sandbox.\","
                + "\"errorCode\":\"UNKNOWN_EXCEPTION\"}]").getBytes(StandardCharsets.UTF_8));
    }

    static void send(HttpServerResponse response, Answer answer) {
        if (response.closed() || response.ended()) {
            return;
        }
        headers(response, answer);
        if (answer.status() == 204 || answer.status() == 304) {
            response.end();
        } else {
            response.end(Buffer.buffer(answer.body()));
        }
    }

    private static void headers(HttpServerResponse response, Answer answer) {
        response.setStatusCode(answer.status());
        if (answer.contentType() != null) {
            response.putHeader("Content-Type", answer.contentType());
        }
        answer.headers().forEach(response::putHeader);
    }

    private static Call head(HttpServerRequest http) {
        Map<String, String> query = new HashMap<>();
        http.params().forEach(e -> query.putIfAbsent(e.getKey(), e.getValue()));
        Map<String, String> headers = new HashMap<>();
        http.headers().forEach(e -> headers.putIfAbsent(e.getKey().toLowerCase(Locale.ROOT), e.getValue()));
        String path = http.path().replaceAll("/{2,}", "/");
        String origin = http.scheme() + "://" + (http.authority() == null ? "127.0.0.1" : http.authority().toString());
        return new Call(http.method().name(), path, query, headers, NO_BODY, null, origin);
    }
}

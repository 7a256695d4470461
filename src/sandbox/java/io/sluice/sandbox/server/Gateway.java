// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Store;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles every request: the limiter admits or refuses it, faults strike it, its protocol answers it and the referee
 * counts it. The limiter decides on arrival; the work runs on a worker thread, so that a long query delays nobody.
 */
public final class Gateway {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final byte[] NO_BODY = {};
    /** Header with the id of a request in the journal of writes. */
    private static final String REQUEST_ID = "X-Sandbox-Request";

    /** Parameters that HubSpot's clients repeat; others separate the values by commas. */
    private static final Set<String> LISTS = Set.of("properties", "propertiesWithHistory", "associations");

    private final Vertx vertx;
    private final SandboxClock clock;
    private final Accounts accounts;
    private final List<Protocol> protocols;
    private final Control control;
    private final Path uploads;
    private final AtomicLong uploaded = new AtomicLong();
    private final AtomicLong arrived = new AtomicLong();

    /** @param uploads a folder for bodies too large for the memory */
    public Gateway(
            Vertx vertx,
            SandboxClock clock,
            Accounts accounts,
            List<Protocol> protocols,
            Control control,
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
        OptionalLong most = protocols.stream()
                .filter(p -> p.serves(head))
                .findFirst()
                .map(p -> p.uploaded(head))
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
        Optional<Protocol> protocol =
                protocols.stream().filter(p -> p.serves(call)).findFirst();
        if (protocol.isEmpty()) {
            send(
                    http.response(),
                    Answer.text(
                            404,
                            "text/plain",
                            "This sandbox serves nothing at " + call.path() + ". See /sandbox for what it serves.\n"));
            return;
        }
        new Passage(http, protocol.get(), protocol.get().open(call)).begin();
    }

    /** Represents one request. */
    private final class Passage {

        private final HttpServerRequest http;
        private final Protocol protocol;
        private final Request request;
        private Limiter.Admission admission;
        private final String id = "r-" + arrived.incrementAndGet();
        private final Map<String, String> toldHeaders = new LinkedHashMap<>();
        private Set<String> keys = Set.of();
        private Request.Subject about;
        private CompletableFuture<Answer> awaited = new CompletableFuture<>();
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
                    account.counts().unauthorized();
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
                account.counts().login(request.operation());
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
            account.counts().accepted(request.operation(), request.kind() == Request.Kind.EXEMPT);
            accounts.journal().counted(account.name(), request.operation(), request.kind(), admission.micros(), false);
            http.response().closeHandler(v -> {
                gone = true;
                awaited.cancel(false);
                leaveWhenOver();
            });
            faulted();
        }

        /** Reads the body, and does the work as far as the faults allow. */
        private void faulted() {
            vertx.executeBlocking(
                            () -> {
                                Set<String> written = request.keys().get();
                                Request.Subject subject = request.subject().get();
                                Set<String> objects = union(request.objects(), subject.objects());
                                Set<String> named = union(written, subject.keys());
                                return new Body(
                                        written, new Request.Subject(objects, union(named, keysOf(objects, named))));
                            },
                            false)
                    .otherwise(new Body(Set.of(), new Request.Subject(request.objects(), Set.of())))
                    .onSuccess(body -> {
                        about = body.about();
                        faulted(body.written());
                    });
        }

        /**
         * Answers the names of records with their keys: a fault may name a record by a key where the call names its id.
         */
        private Set<String> keysOf(Set<String> objects, Set<String> ids) {
            Account account = request.account();
            if (account == null || !account.faults().nameRecords()) {
                return Set.of();
            }
            return objects.stream()
                    .flatMap(object -> account.store().table(object).stream())
                    .flatMap(table -> ids.stream()
                            .map(table::row)
                            .filter(Objects::nonNull)
                            .flatMap(row -> table.type().indexed().stream()
                                    .filter(field -> field.read(row) != null)
                                    .map(field -> field.name() + "/"
                                            + field.read(row).toString().toLowerCase(Locale.ROOT))))
                    .collect(Collectors.toSet());
        }

        private void faulted(Set<String> written) {
            Optional<Fault> down = strike(Fault.Kind.UNAVAILABLE);
            if (down.isPresent()) {
                answer(protocol.unavailable(down.get()), Map.of());
                return;
            }
            Optional<Fault> reset = strike(Fault.Kind.RESET);
            Optional<Fault> hang = reset.isPresent() ? Optional.empty() : strike(Fault.Kind.HANG);
            Optional<Fault> slow = strike(Fault.Kind.SLOW);
            Optional<Fault> late = strike(Fault.Kind.LATE_COMMIT);
            if (is(reset, Fault.When.BEFORE)) {
                cut(null, Map.of());
            } else if (is(hang, Fault.When.BEFORE)) {
                done = true;
            } else {
                perform(written, new Trouble(reset, hang, slow), late);
            }
        }

        private void perform(Set<String> written, Trouble trouble, Optional<Fault> late) {
            Request.Attempt attempt = attempt(late.isPresent());
            keys = written;
            RefereeCounts counts = request.account().counts();
            if (counts.writesBegin(written)) {
                accounts.journal().met(request.account().name(), counts.maxWritesInFlight());
            }
            pause(trouble.slow(), Fault.When.BEFORE)
                    .compose(v -> replaced().map(Future::succeededFuture).orElseGet(() -> work(attempt)))
                    .compose(answer -> released(attempt, late).map(answer))
                    .compose(this::changed)
                    .compose(answer -> pause(trouble.slow(), Fault.When.AFTER).map(answer))
                    .onSuccess(answer -> {
                        done = true;
                        if (trouble.reset().isPresent() || trouble.hang().isPresent()) {
                            request.account().writes().disturbed(id);
                        }
                        if (trouble.reset().isPresent()) {
                            cut(is(trouble.reset(), Fault.When.AFTER) ? null : answer, attempt.written());
                        } else if (is(trouble.hang(), Fault.When.WITHIN)) {
                            half(answer);
                        } else if (is(trouble.slow(), Fault.When.WITHIN)) {
                            count(answer.status(), attempt.written());
                            half(answer)
                                    .compose(v -> pause(trouble.slow(), Fault.When.WITHIN))
                                    .onSuccess(v -> rest(answer));
                        } else if (trouble.hang().isEmpty()) {
                            answer(answer, attempt.written());
                        }
                        leaveWhenOver();
                    });
        }

        /** Answers the answer that a fault gives in place of the work. */
        private Optional<Answer> replaced() {
            return strike(Fault.Kind.ANSWER, Fault.When.BEFORE).map(this::replaced);
        }

        private Answer replaced(Fault fault) {
            JsonNode settings = fault.settings();
            settings.path("headers")
                    .properties()
                    .forEach(header -> toldHeaders.put(
                            header.getKey(),
                            header.getValue().isNull()
                                    ? null
                                    : header.getValue().asText()));
            JsonNode body = settings.path("body");
            if (body.isMissingNode()) {
                return protocol.error(request, fault);
            }
            int status = settings.path("status").asInt(400);
            String text = body.isTextual() ? body.asText() : body.toString();
            return text.isEmpty()
                    ? Answer.empty(status)
                    : Answer.text(
                            status,
                            settings.path("contentType")
                                    .asText(
                                            body.isTextual()
                                                    ? "text/html;charset=UTF-8"
                                                    : "application/json;charset=UTF-8"),
                            text);
        }

        /** Applies the faults to the answer of work that is done. */
        private Future<Answer> changed(Answer answer) {
            Optional<Fault> results = strike(Fault.Kind.RESULTS);
            Optional<Fault> other = strike(Fault.Kind.ANSWER, Fault.When.AFTER);
            if (results.isPresent() || other.isPresent()) {
                request.account().writes().disturbed(id);
            }
            if (other.isPresent()) {
                return Future.succeededFuture(replaced(other.get()));
            }
            return results.map(fault -> vertx.executeBlocking(
                                    () -> protocol.results(request, answer.whole(), fault), false)
                            .recover(e -> {
                                LOG.error(
                                        "The sandbox can't change the results of {}; they are answered as they are.",
                                        request.operation(),
                                        e);
                                return Future.succeededFuture(answer);
                            }))
                    .orElseGet(() -> Future.succeededFuture(answer));
        }

        private Future<Answer> work(Request.Attempt attempt) {
            return vertx.executeBlocking(() -> request.work().begin(attempt), false)
                    .compose(this::awaited)
                    .recover(e -> {
                        if (e instanceof CancellationException) {
                            return Future.succeededFuture(Answer.empty(204));
                        }
                        LOG.error("The sandbox failed on {}.", request.operation(), e);
                        return Future.succeededFuture(failure());
                    });
        }

        /** Waits for an answer without a thread, and gives up when the client goes. */
        private Future<Answer> awaited(CompletableFuture<Answer> answer) {
            awaited = answer;
            if (gone) {
                answer.cancel(false);
            }
            return Future.fromCompletionStage(answer, vertx.getOrCreateContext());
        }

        /** Delays the answer of a late commit until its writes are visible. */
        private Future<Void> released(Request.Attempt attempt, Optional<Fault> late) {
            if (attempt.held().isEmpty()) {
                return Future.succeededFuture();
            }
            return pause(late.map(Fault::lateMillis).orElse(0L))
                    .onSuccess(v -> attempt.held().get().release());
        }

        private Optional<Fault> strike(Fault.Kind kind, Fault.When... when) {
            return about == null
                    ? request.account().faults().strike(kind, request)
                    : request.account().faults().strike(kind, request, about, when);
        }

        private Request.Attempt attempt(boolean late) {
            Account account = request.account();
            return new Request.Attempt(
                    account == null ? null : account.faults().forRows(request.operation()),
                    late,
                    new Store.Signature("api", id));
        }

        private void refuse(String limit, long micros) {
            request.account().counts().refused(request.operation(), request.kind() == Request.Kind.EXEMPT);
            accounts.journal().counted(request.account().name(), request.operation(), request.kind(), micros, true);
            answer(protocol.refusal(request, limit), Map.of());
        }

        private void answer(Answer answer, Map<String, Integer> written) {
            count(answer.status(), written);
            done = true;
            Answer complete = completed(answer);
            leave();
            HttpServerResponse response = http.response();
            if (complete.chunks() == null || response.closed()) {
                send(response, complete);
            } else {
                headers(response, complete);
                new ChunkStream(vertx, response, complete.chunks()).begin();
            }
        }

        private Answer completed(Answer answer) {
            Answer complete = request.account() == null
                    ? answer
                    : protocol.complete(request, answer).with(REQUEST_ID, id);
            for (Map.Entry<String, String> header : toldHeaders.entrySet()) {
                complete = header.getValue() == null
                        ? complete.without(header.getKey())
                        : complete.with(header.getKey(), header.getValue());
            }
            return complete;
        }

        /** Cuts the connection, after half of the answer when there is one. */
        private void cut(Answer answer, Map<String, Integer> written) {
            count(0, written);
            done = true;
            leave();
            if (answer == null || answer.body().length < 2 && answer.chunks() == null) {
                http.connection().close();
                return;
            }
            half(answer).onComplete(v -> http.connection().close());
        }

        /** Sends the first half of an answer. */
        private Future<Void> half(Answer answer) {
            HttpServerResponse response = http.response();
            if (response.closed()) {
                return Future.failedFuture("The client has gone.");
            }
            headers(response, completed(answer));
            if (answer.chunks() != null) {
                return new ChunkStream(vertx, response, answer.chunks()).first();
            }
            response.putHeader("Content-Length", String.valueOf(answer.body().length));
            return response.write(Buffer.buffer(answer.body()).slice(0, answer.body().length / 2));
        }

        private void rest(Answer answer) {
            leave();
            HttpServerResponse response = http.response();
            if (!response.closed()) {
                int half = answer.body().length / 2;
                response.end(Buffer.buffer(answer.body()).slice(half, answer.body().length));
            }
        }

        private void count(int status, Map<String, Integer> written) {
            if (request.account() != null && request.kind() == Request.Kind.DATA) {
                request.account().counts().answered(status, written);
                accounts.journal().answered(request.account().name(), status, written);
            }
        }

        private void leaveWhenOver() {
            if (done && gone) {
                leave();
            }
        }

        /** Ends the request: it is no longer in flight. */
        private void leave() {
            if (!left && admission != null) {
                left = true;
                request.account().limiter().finished(admission);
                request.account().counts().writesEnd(keys);
            }
        }

        private Future<Void> pause(Optional<Fault> slow, Fault.When when) {
            return is(slow, when) ? pause(slow.get().delayMillis()) : Future.succeededFuture();
        }

        private Future<Void> pause(long millis) {
            Promise<Void> promise = Promise.promise();
            vertx.setTimer(Math.max(1, millis), id -> promise.complete());
            return promise.future();
        }
    }

    /** Holds the faults that strike a request's work. */
    private record Trouble(Optional<Fault> reset, Optional<Fault> hang, Optional<Fault> slow) {}

    /** Holds what a request's body says: the records it writes, and its subject. */
    private record Body(Set<String> written, Request.Subject about) {}

    private static boolean is(Optional<Fault> fault, Fault.When when) {
        return fault.isPresent() && fault.get().when() == when;
    }

    private static Set<String> union(Set<String> one, Set<String> other) {
        return Stream.concat(one.stream(), other.stream()).collect(Collectors.toSet());
    }

    private static Answer failure() {
        return Answer.json(
                500,
                ("[{\"message\":\"An unexpected error occurred in the sandbox.\","
                                + "\"errorCode\":\"UNKNOWN_EXCEPTION\"}]")
                        .getBytes(StandardCharsets.UTF_8));
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
        http.params()
                .forEach(e -> query.merge(
                        e.getKey(),
                        e.getValue(),
                        (first, next) -> LISTS.contains(e.getKey()) ? first + "," + next : first));
        Map<String, String> headers = new HashMap<>();
        http.headers().forEach(e -> headers.putIfAbsent(e.getKey().toLowerCase(Locale.ROOT), e.getValue()));
        String path = http.path().replaceAll("/{2,}", "/");
        String origin = http.scheme() + "://"
                + (http.authority() == null ? "127.0.0.1" : http.authority().toString());
        return new Call(http.method().name(), path, query, headers, NO_BODY, null, origin);
    }
}

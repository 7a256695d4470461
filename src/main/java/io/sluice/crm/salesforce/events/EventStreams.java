// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import io.sluice.RejectedEvent;
import io.sluice.RootCause;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.service.ServiceSupport;

/**
 * Runs the step of the events Kamelet that YAML can't express: reads the next events of an account's stream. The streams stay
 * open between the calls, one for each account and reader. Salesforce counts no API call for them, so they take no permit.
 */
public final class EventStreams extends ServiceSupport {

    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
    private static final int OK = 200;
    private static final int NO_CONTENT = 204;
    private static final int GONE = 410;

    private record Source(EventEndpoint endpoint, EventLogin login, Duration callTimeout) {}

    private record Reader(String account, String name, String channel) {}

    private final Map<String, Source> sources = new ConcurrentHashMap<>();
    private final Map<Reader, EventStream> streams = new ConcurrentHashMap<>();
    private final InstantSource clock;

    public EventStreams(InstantSource clock) {
        this.clock = clock;
    }

    /** Sets what an account subscribes to, and as whom. */
    public void configured(String account, EventEndpoint endpoint, EventLogin login, Duration callTimeout) {
        sources.put(account, new Source(endpoint, login, callTimeout));
    }

    /**
     * Replaces the offset in the body by the events after it, a list that may be empty, and sets the header {@value #NEXT} to
     * their offset if Salesforce answered. After a failure the body is its cause.
     *
     * @param reader  name of the reader, which has a stream of its own
     * @param channel channel; blank for the account's
     */
    public void next(Exchange exchange, String account, String reader, String channel) throws InterruptedException {
        Message message = exchange.getMessage();
        String offset = message.getBody(String.class);
        message.removeHeader(NEXT);
        message.removeHeader(RejectedEvent.HEADER);
        Source source = sources.get(account);
        if (source == null) {
            message.setHeader(STATUS, 0);
            message.setBody("no Salesforce account named " + account + " is configured");
            return;
        }
        EventStream stream = streams.computeIfAbsent(
                new Reader(account, reader, channel == null ? "" : channel.strip()),
                key -> new EventStream(
                        source.endpoint().channel(key.channel()),
                        source.login(),
                        EventStream.Times.of(source.callTimeout()),
                        clock));
        EventStream.Answer answer;
        try {
            answer = stream.next(offset == null || offset.isBlank() ? null : offset.strip());
        } catch (RuntimeException failed) {
            message.setHeader(STATUS, 0);
            message.setBody(RootCause.of(failed));
            return;
        }
        if (answer.events() == null) {
            message.setHeader(STATUS, answer.isForgotten() ? GONE : 0);
            message.setBody(answer.problem());
            return;
        }
        message.setHeader(STATUS, answer.next() == null ? NO_CONTENT : OK);
        message.setHeader(RejectedEvent.HEADER, List.copyOf(answer.rejected()));
        message.setHeader(NEXT, answer.next());
        message.setBody(answer.events());
    }

    @Override
    protected void doStop() {
        streams.values().forEach(EventStream::close);
        streams.clear();
    }
}

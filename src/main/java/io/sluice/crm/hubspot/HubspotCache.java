package io.sluice.crm.hubspot;

import io.sluice.CrmRecord;
import io.sluice.crm.AnswerCache;
import io.sluice.crm.Durations;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** The steps of reading records through a cache ({@link AnswerCache}): what it has is not asked for, the rest is one call. */
public final class HubspotCache {

    /** Header that says how many of the records came out of the cache. */
    public static final String CACHED = "SluiceCached";

    private static final String ASKED = "SluiceAsked";

    /** @param by the unique property, or blank when the value is HubSpot's own id */
    private record Question(String account, String object, String by, String value, Set<String> fields) { }

    /**
     * What is under way.
     *
     * @param missing what the cache did not have, by the value that was asked for
     * @param drops   how much had been dropped when it was asked: what is dropped meanwhile must not come back
     */
    private record Asked(List<CrmRecord> found, Map<String, Question> missing, Duration life, long drops) { }

    private final AnswerCache cache;

    HubspotCache(AnswerCache cache) {
        this.cache = cache;
    }

    /** From the ids, or values of a unique property, that are the body, to those that must be read. */
    public void ask(Exchange exchange, String account, String object, String externalId, String fields, String timeToLive)
            throws SQLException {
        Message message = exchange.getMessage();
        Set<String> names = Set.copyOf(HubspotReads.names(fields));
        Asked asked = new Asked(new ArrayList<>(), new HashMap<>(), cache.life(account, Durations.of("timeToLive", timeToLive)),
                cache.drops());
        List<String> missing = new ArrayList<>();
        for (Object id : message.getBody(List.class)) {
            Question question = new Question(account, object, externalId, id.toString(), names);
            Object kept = asked.life.isZero() ? null : cache.cache().getIfPresent(question);
            if (kept == null) {
                missing.add(question.value);
                asked.missing.put(question.value, question);
            } else {
                asked.found.add((CrmRecord) ((AnswerCache.Kept) kept).answer());
            }
        }
        if (!asked.life.isZero()) {
            cache.count(account, object, "read", true, asked.found.size());
            cache.count(account, object, "read", false, missing.size());
        }
        exchange.setProperty(ASKED, asked);
        message.setHeader(CACHED, asked.found.size());
        message.setHeader(HubspotCalls.STATUS, 200);
        message.setBody(missing);
    }

    /** Whether a call is needed. */
    public boolean isMissing(Exchange exchange) {
        return !exchange.getProperty(ASKED, Asked.class).missing.isEmpty();
    }

    /** Hands on what was there and what was read, which is kept from now on; an answer that is none stays what it is. */
    public void handOn(Exchange exchange) {
        Asked asked = (Asked) exchange.removeProperty(ASKED);
        if (exchange.getMessage().getBody() instanceof List<?> read) {
            keep(asked, read.stream().filter(CrmRecord.class::isInstance).map(CrmRecord.class::cast).toList());
            List<Object> records = new ArrayList<>(asked.found);
            records.addAll(read);
            exchange.getMessage().setBody(records);
        }
    }

    private void keep(Asked asked, List<CrmRecord> read) {
        if (asked.life.isZero()) {
            return;
        }
        List<Question> kept = new ArrayList<>();
        for (CrmRecord record : read) {
            // by another id than that which was asked for HubSpot tells a record that was merged
            Question question = asked.missing.get(record.key() == null ? record.crmId() : record.key());
            if (question != null) {
                cache.cache().put(question, new AnswerCache.Kept(question.account, question.object,
                        Set.copyOf(List.of(question.value, record.crmId())), record, asked.life));
                kept.add(question);
            }
        }
        if (cache.drops() != asked.drops) {
            cache.cache().invalidateAll(kept);
        }
    }

    /** Drops what the outcomes of a write, or the records or events that came, say has changed. */
    public void drop(Exchange exchange, String account) {
        cache.drop(account, "", exchange.getMessage().getBody());
    }
}

package io.sluice.crm;

import io.sluice.Operation;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/**
 * What the core must know of a CRM: how many records its calls take and how to recognise its limits. Found by
 * {@link java.util.ServiceLoader}; its Kamelets are named {@code {name}-{job}-{sink|action}}.
 */
public interface Crm {

    /** As in {@code sluice.account.NAME.crm} and at the head of its Kamelets' names. */
    String name();

    /** Most records that one collections call takes. */
    int collectionSize(Operation operation);

    /** How many collections of upserts, of several objects, one composite call carries; 1: it knows no such call. */
    default int collectionsACall() {
        return 1;
    }

    /** Whether it tells of changes by itself, to {@code /webhooks/ACCOUNT}; then it has a webhook-action. */
    default boolean sendsWebhooks() {
        return false;
    }

    /** Whether it writes its changes into a journal that spends no quota; then it has a journal-action. */
    default boolean hasJournal() {
        return false;
    }

    /**
     * About how many known records one part of a write call can read before the call writes them; 0: a call can't do both.
     * Such a part takes the place of a collection, see {@link #collectionsACall()}.
     */
    default int readBeforeWrite() {
        return 0;
    }

    /** The unit to which the times of its changes are cut; ours are compared with them in that unit. */
    default ChronoUnit timePrecision() {
        return ChronoUnit.SECONDS;
    }

    /** How it normalises what is written to a field of which its describe says this. */
    default FieldRule rule(ObjectShape.Field field) {
        return FieldRule.UNKNOWN;
    }

    /** How it takes very many upserts at once, or nothing where it has no such way. */
    default Optional<BulkCapability> bulk() {
        return Optional.empty();
    }

    /** How it hands over all records of an object at once, or nothing where they are read page by page. */
    default Optional<BulkQuery> bulkQuery() {
        return Optional.empty();
    }

    /** Puts the beans that its Kamelets name into the registry. */
    void bind(Registry registry, Permits permits, Accounts accounts);

    /** Makes an account ready for its Kamelets, from its settings ({@code sluice.account.NAME.*}, prefix taken off). */
    void connect(CamelContext context, String account, Map<String, String> settings);
}

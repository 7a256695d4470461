// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Operation;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/**
 * Describes a CRM to the core: how many records its calls take and how to recognise its limits. Found by {@link
 * java.util.ServiceLoader}; its Kamelets are named {@code {name}-{job}-{sink|action}}.
 */
public interface Crm {

    /** Returns the name, as in {@code sluice.account.NAME.crm} and at the start of its Kamelets' names. */
    String name();

    /** Returns the maximum number of records in a collections call. */
    int collectionSize(Operation operation);

    /**
     * Returns how many collections of upserts, of several objects, one composite call carries; 1 for a CRM without such
     * a call.
     */
    default int collectionsACall() {
        return 1;
    }

    /** Tells whether the CRM sends webhooks to {@code /webhooks/ACCOUNT}; then it has a webhook-action. */
    default boolean sendsWebhooks() {
        return false;
    }

    /** Tells whether the CRM has a journal of changes that uses no quota; then it has a journal-action. */
    default boolean hasJournal() {
        return false;
    }

    /**
     * Tells whether the CRM sends its changes over a connection that stays open, which uses no quota; then it has an
     * events-action.
     */
    default boolean hasEventStream() {
        return false;
    }

    /**
     * Returns the field that refers to the parent record of a field such as {@code Account.Name}: when it changes, the other
     * one has a new value too. Null for a field of the record itself.
     */
    default String reference(String field) {
        return null;
    }

    /**
     * Returns about how many known records one part of a write call can read before the call writes them; 0 for a CRM
     * without such calls. Such a part takes the slot of a collection, see {@link #collectionsACall()}.
     */
    default int readBeforeWrite() {
        return 0;
    }

    /**
     * Returns the unit to which the CRM truncates the times of its changes; ours are compared with them in that unit.
     */
    default ChronoUnit timePrecision() {
        return ChronoUnit.SECONDS;
    }

    /**
     * Returns the share of calls, in percent, that may be answered by errors according to the vendor; empty where it
     * states none.
     */
    default OptionalInt maxErrorShare() {
        return OptionalInt.empty();
    }

    /** Returns how the CRM normalises what is written to a field with this description. */
    default FieldRule rule(ObjectShape.Field field) {
        return FieldRule.UNKNOWN;
    }

    /** Returns how the CRM takes very many upserts at once; empty for a CRM without bulk jobs. */
    default Optional<BulkCapability> bulk() {
        return Optional.empty();
    }

    /** Returns how the CRM exports all records of an object at once; empty where they are read page by page. */
    default Optional<BulkQuery> bulkQuery() {
        return Optional.empty();
    }

    /** Binds the beans of its Kamelets in the registry. */
    void bind(Registry registry, Permits permits, Accounts accounts);

    /** Prepares an account for its Kamelets, from its settings ({@code sluice.account.NAME.*} without the prefix). */
    void connect(CamelContext context, String account, Map<String, String> settings);
}

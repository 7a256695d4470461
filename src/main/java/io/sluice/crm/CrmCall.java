// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Operation;
import io.sluice.outbox.Lease;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Describes one call to a CRM to the routes. The route {@code call} sends it to the route {@code CRM-KIND} in {@code
 * routes/crm}, where a choice over its method names the Kamelet that makes it, and its other values are the Kamelet's
 * parameters. Core and pipeline know neither Kamelets nor vendors.
 */
public sealed interface CrmCall {

    /** Returns the name of the CRM, the first part of the name of the route that makes the call. */
    String crm();

    /** Returns the kind of call, the rest of that route's name. */
    String kind();

    /** Returns the account that is called. */
    String account();

    /** Returns the object of the call's records, or null for a call of several objects or of none. */
    default String object() {
        return null;
    }

    /** Returns the objects of the call's records, sorted and separated by commas, or null. */
    default String objects() {
        return object();
    }

    /** Returns the lease of the records in the call, or null. */
    default Lease lease() {
        return null;
    }

    /** Returns by object the time since which changed records are read before they are written, or null. */
    default Map<String, Instant> readBefore() {
        return null;
    }

    /** Returns the CRM's id of the bulk job or bulk query that the call is about, or null. */
    default String job() {
        return null;
    }

    /** Returns the address of the next page of a list, or null. */
    default String next() {
        return null;
    }

    /**
     * Writes a batch of records.
     *
     * @param method      {@code upsert}, {@code delete} or {@code composite}
     * @param object      the object, or null for a composite call
     * @param externalId  the field of the object that holds the key, or null for a composite call
     * @param externalIds of a composite call its objects, each with its external id, in the order of their writes; or null
     * @param fields      the fields that are read before a delete, separated by commas; otherwise empty
     */
    record Write(
            String crm,
            String account,
            String method,
            String object,
            String externalId,
            String externalIds,
            String fields,
            Lease lease,
            Map<String, Instant> readBefore)
            implements CrmCall {

        public Write {
            readBefore = Map.copyOf(readBefore);
        }

        @Override
        public String kind() {
            return "write";
        }

        @Override
        public String objects() {
            return externalIds == null
                    ? object
                    : Arrays.stream(externalIds.split(","))
                            .map(named -> named.substring(0, named.indexOf(':')))
                            .sorted()
                            .collect(Collectors.joining(","));
        }
    }

    /**
     * Makes a call of a bulk job.
     *
     * @param method     the state of the job, which the call ends
     * @param operation  the operation of the job on each record
     * @param externalId the field that holds the key
     */
    record Bulk(
            String crm,
            String account,
            String method,
            Operation operation,
            String object,
            String externalId,
            String job,
            String next)
            implements CrmCall {

        @Override
        public String kind() {
            return "bulk";
        }
    }

    /**
     * Reads what changed since the last poll.
     *
     * @param method     {@code delta} or {@code deleted}
     * @param externalId the field that holds the key
     * @param fields     the fields to read, separated by commas
     */
    record Read(String crm, String account, String method, String object, String externalId, String fields)
            implements CrmCall {

        @Override
        public String kind() {
            return "read";
        }
    }

    /**
     * Reads records of which an event did not say enough.
     *
     * @param method     {@code read} by id, or {@code lookup} of records that may have been deleted
     * @param externalId the field that holds the key
     * @param fields     the fields to read, separated by commas
     */
    record ReadBack(String crm, String account, String method, String object, String externalId, String fields)
            implements CrmCall {

        @Override
        public String kind() {
            return "read-back";
        }
    }

    /**
     * Makes a call of a snapshot, which reads all records of an object.
     *
     * @param method     the state of the snapshot
     * @param externalId the field that holds the key
     * @param fields     the fields to read, separated by commas
     * @param pageSize   the maximum number of records in a page of a bulk query's results
     */
    record SnapshotPart(
            String crm,
            String account,
            String method,
            String object,
            String externalId,
            String fields,
            int pageSize,
            String job)
            implements CrmCall {

        @Override
        public String kind() {
            return "snapshot";
        }
    }

    /** Reads the next file of a CRM's journal of changes. */
    record Journal(String crm, String account) implements CrmCall {

        @Override
        public String kind() {
            return "journal";
        }
    }

    /** Reads the next events of the CRM's stream of changes. */
    record Events(String crm, String account) implements CrmCall {

        @Override
        public String kind() {
            return "events";
        }
    }

    /** Verifies a webhook request and reads its events; this makes no request to the CRM. */
    record Webhook(String crm, String account) implements CrmCall {

        @Override
        public String kind() {
            return "webhook";
        }
    }

    /** Reads the description of an object. */
    record Describe(String crm, String account, String object) implements CrmCall {

        @Override
        public String kind() {
            return "describe";
        }
    }

    /** Reads the names of all objects. */
    record ListObjects(String crm, String account) implements CrmCall {

        @Override
        public String kind() {
            return "objects";
        }
    }
}

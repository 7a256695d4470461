// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.Field;
import java.util.List;

/**
 * Describes the fields of an event as they were when it was published.
 *
 * @param schema   id of its schema
 * @param name     name of the event, such as ContactChangeEvent or Alarm__e
 * @param isChange whether it tells of a record's change; otherwise it is a platform event
 * @param fields   the fields of its body, parts of compound fields one by one
 */
public record EventType(String schema, String name, boolean isChange, List<Field> fields) {}

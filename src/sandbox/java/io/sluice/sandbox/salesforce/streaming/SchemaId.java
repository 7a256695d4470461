// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.ObjectType;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;

/** Names the schemas of events: an id changes whenever the fields of the object do. */
final class SchemaId {

    private SchemaId() {}

    /** Answers 22 characters, as Salesforce's ids have. */
    static String of(ObjectType type) {
        StringBuilder text = new StringBuilder(type.name());
        type.fields()
                .forEach(field ->
                        text.append(',').append(field.name()).append(':').append(field.type()));
        try {
            byte[] digest =
                    MessageDigest.getInstance("MD5").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has MD5.", e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Issues access tokens. A signature covers their account and time, so that they survive a restart as those of a real
 * org do. The secret is fixed: it protects nothing.
 */
final class Sessions {

    private static final byte[] SECRET = "the sandbox guards nothing".getBytes(StandardCharsets.UTF_8);
    private static final String PREFIX = SalesforceDefaults.ORGANIZATION.substring(0, 15) + "!";

    private final Accounts accounts;
    private final LongSupplier clockMicros;
    private final AtomicInteger issued = new AtomicInteger();
    private final Set<String> revoked = ConcurrentHashMap.newKeySet();

    /** Holds a token's account, and whether the token is still valid. */
    record Session(Account account, boolean valid) {}

    Sessions(Accounts accounts, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.clockMicros = clockMicros;
    }

    String issue(Account account) {
        byte[] name = account.name().getBytes(StandardCharsets.UTF_8);
        byte[] content = ByteBuffer.allocate(12 + name.length)
                .putLong(clockMicros.getAsLong())
                .putInt(issued.incrementAndGet())
                .put(name)
                .array();
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return PREFIX + encoder.encodeToString(content) + "." + encoder.encodeToString(signature(content));
    }

    /** Finds the session of a token, or empty when the sandbox never issued it. */
    Optional<Session> find(String token) {
        try {
            String[] parts = token.substring(PREFIX.length()).split("\\.");
            byte[] content = Base64.getUrlDecoder().decode(parts[0]);
            if (!token.startsWith(PREFIX)
                    || !Arrays.equals(signature(content), Base64.getUrlDecoder().decode(parts[1]))) {
                return Optional.empty();
            }
            ByteBuffer buffer = ByteBuffer.wrap(content);
            long moment = buffer.getLong();
            String name = new String(content, 12, content.length - 12, StandardCharsets.UTF_8);
            return accounts.find(name).map(account -> new Session(account, isAlive(token, account, moment)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    void revoke(String token) {
        revoked.add(token);
    }

    private boolean isAlive(String token, Account account, long moment) {
        return moment >= account.tokensDeadBefore()
                && !revoked.contains(token)
                && clockMicros.getAsLong() - moment < account.sessionSeconds() * 1_000_000;
    }

    static byte[] signature(byte[] content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
            return mac.doFinal(content);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has HmacSHA256.", e);
        }
    }
}

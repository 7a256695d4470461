// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Issues OAuth access tokens. A signature covers their account and their time, so that they survive a restart. The
 * secret is fixed: it protects nothing.
 */
final class OauthTokens {

    private static final byte[] SECRET = "the sandbox guards no tokens".getBytes(StandardCharsets.UTF_8);
    private static final String PREFIX = "CP";
    private static final int HEAD = 13;

    private final Accounts accounts;
    private final LongSupplier clockMicros;
    private final AtomicInteger issued = new AtomicInteger();

    OauthTokens(Accounts accounts, LongSupplier clockMicros) {
        this.accounts = accounts;
        this.clockMicros = clockMicros;
    }

    /**
     * Describes a token that the sandbox issued.
     *
     * @param journal whether it is an app's own, which opens the webhooks journal and no records
     * @param left    seconds that it lives on; below zero since when it is dead
     */
    record Token(Account account, boolean journal, long left) {

        boolean isAlive() {
            return left > 0;
        }
    }

    String issue(Account account, boolean journal) {
        byte[] name = account.name().getBytes(StandardCharsets.UTF_8);
        byte[] content = ByteBuffer.allocate(HEAD + name.length)
                .putLong(clockMicros.getAsLong())
                .putInt(issued.incrementAndGet())
                .put((byte) (journal ? 1 : 0))
                .put(name)
                .array();
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return PREFIX + encoder.encodeToString(content) + "." + encoder.encodeToString(signature(content));
    }

    /** Finds an issued token; empty when the sandbox never issued it. */
    Optional<Token> find(String token) {
        try {
            String[] parts =
                    token.startsWith(PREFIX) ? token.substring(PREFIX.length()).split("\\.") : new String[0];
            if (parts.length != 2) {
                return Optional.empty();
            }
            byte[] content = Base64.getUrlDecoder().decode(parts[0]);
            if (!Arrays.equals(signature(content), Base64.getUrlDecoder().decode(parts[1]))) {
                return Optional.empty();
            }
            ByteBuffer buffer = ByteBuffer.wrap(content);
            long moment = buffer.getLong();
            buffer.getInt();
            boolean journal = buffer.get() == 1;
            String name = new String(content, HEAD, content.length - HEAD, StandardCharsets.UTF_8);
            return accounts.find(name).map(account -> new Token(account, journal, left(account, moment)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private long left(Account account, long moment) {
        long now = clockMicros.getAsLong();
        if (moment < account.tokensDeadBefore()) {
            return Math.min(0, (account.tokensDeadBefore() - now) / 1_000_000);
        }
        // up, so that a token is alive to the end of its last second
        return Math.floorDiv(moment + account.sessionSeconds() * 1_000_000 - now + 999_999, 1_000_000);
    }

    private static byte[] signature(byte[] content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
            return mac.doFinal(content);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has HmacSHA256.", e);
        }
    }
}

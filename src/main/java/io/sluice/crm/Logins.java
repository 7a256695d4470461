// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.store.Database;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the login state that replicas share, in the table {@code login}: the newest refresh token, the organisation of
 * the last login, and the time of the last resume. A CRM may issue a new refresh token with each answer and accept the
 * old one only once; a client that drops the new one can't log in again (RFC 6749, section 6,
 * https://www.rfc-editor.org/rfc/rfc6749#section-6).
 *
 * <p>The token is encrypted with the configured one, so that a database dump gives no access. A newly configured token
 * replaces the stored one, which it can't decrypt.
 */
public final class Logins {

    private static final Logger LOG = LoggerFactory.getLogger(Logins.class);
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private static final String KEEP =
            """
            insert into sluice.login (account, refresh_token) values (?, ?)
            on conflict (account) do update set refresh_token = excluded.refresh_token, changed_at = clock_timestamp()""";

    private static final String ORGANISATION =
            """
            insert into sluice.login (account, organisation) values (?, ?)
            on conflict (account) do update set organisation = excluded.organisation, changed_at = clock_timestamp()""";

    private static final String RESUME =
            """
            insert into sluice.login (account, resumed_at) values (?, clock_timestamp())
            on conflict (account) do update set resumed_at = excluded.resumed_at""";

    /** Reads the settings of a login from their files. */
    @FunctionalInterface
    public interface Settings {
        Map<String, String> of(String account);
    }

    private final Database database;
    private final Settings settings;

    /** @param settings reads the current settings of a login */
    public Logins(Database database, Settings settings) {
        this.database = database;
        this.settings = settings;
    }

    /** Returns the current settings of a login; if they can't be read, the previous ones. */
    public Map<String, String> settings(String account, Map<String, String> otherwise) {
        try {
            Map<String, String> now = settings.of(account);
            return now.isEmpty() ? otherwise : now;
        } catch (IllegalArgumentException unreadable) {
            LOG.warn("Account {}: {}. The previous login settings stay in use.", account, unreadable.getMessage());
            return otherwise;
        }
    }

    /** Returns the newest refresh token: the stored one, else the configured one. */
    public String refreshToken(String account, String configured) {
        try {
            return database.first(
                            "select refresh_token from sluice.login where account = ?",
                            row -> Optional.ofNullable(row.getString(1)),
                            account)
                    .flatMap(kept -> kept)
                    .flatMap(kept -> decrypted(kept, configured))
                    .orElse(configured);
        } catch (SQLException away) {
            LOG.warn(
                    "Account {}: the stored refresh token can't be read, the configured one is used: {}",
                    account,
                    io.sluice.RootCause.of(away));
            return configured;
        }
    }

    /**
     * Stores a refresh token that the CRM issued.
     *
     * @param configured the configured token, with which the new one is encrypted
     */
    public void keep(String account, String configured, String fresh) throws SQLException {
        database.update(KEEP, account, encrypted(fresh, configured));
    }

    /** Returns the organisation of the last login, if it is known. */
    public Optional<String> organisation(String account) throws SQLException {
        return database.first(
                        "select organisation from sluice.login where account = ?",
                        row -> Optional.ofNullable(row.getString(1)),
                        account)
                .flatMap(known -> known);
    }

    public void organisation(String account, String organisation) throws SQLException {
        database.update(ORGANISATION, account, organisation);
    }

    /** Requests a login attempt at once, in every replica. */
    public void resume(String account) throws SQLException {
        database.update(RESUME, account);
    }

    /** Returns the time of the last resume. */
    public Instant resumedAt(String account) {
        try {
            return database.first(
                            "select resumed_at from sluice.login where account = ?",
                            row -> Optional.ofNullable(row.getObject(1, OffsetDateTime.class)),
                            account)
                    .flatMap(known -> known)
                    .map(OffsetDateTime::toInstant)
                    .orElse(Instant.MIN);
        } catch (SQLException away) {
            return Instant.MIN;
        }
    }

    private static String encrypted(String text, String secret) {
        try {
            byte[] nonce = new byte[NONCE];
            new SecureRandom().nextBytes(nonce);
            byte[] hidden = cipher(Cipher.ENCRYPT_MODE, secret, nonce).doFinal(text.getBytes(StandardCharsets.UTF_8));
            byte[] both = Arrays.copyOf(nonce, NONCE + hidden.length);
            System.arraycopy(hidden, 0, both, NONCE, hidden.length);
            return Base64.getEncoder().encodeToString(both);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Every Java has AES/GCM", impossible);
        }
    }

    /** Returns the decrypted token; empty where it was encrypted with another secret. */
    private static Optional<String> decrypted(String kept, String secret) {
        try {
            byte[] both = Base64.getDecoder().decode(kept);
            return Optional.of(new String(
                    cipher(Cipher.DECRYPT_MODE, secret, Arrays.copyOf(both, NONCE))
                            .doFinal(both, NONCE, both.length - NONCE),
                    StandardCharsets.UTF_8));
        } catch (GeneralSecurityException | IllegalArgumentException other) {
            return Optional.empty();
        }
    }

    private static Cipher cipher(int mode, String secret, byte[] nonce) throws GeneralSecurityException {
        byte[] key = MessageDigest.getInstance("SHA-256")
                .digest(("sluice login " + secret).getBytes(StandardCharsets.UTF_8));
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        return cipher;
    }
}

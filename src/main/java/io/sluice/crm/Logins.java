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
 * What replicas must know together of an account's login, in the table {@code login}: the newest refresh token, the
 * organisation that was let in last, and when a person resumed the account. A CRM may give a new refresh token with each
 * answer and take the old one once alone; who drops it logs in for the last time (RFC 6749, section 6,
 * https://www.rfc-editor.org/rfc/rfc6749#section-6).
 *
 * <p>The token is kept encrypted under the configured one, so that a database dump does not log in, and a token that is
 * configured anew wins: under it the kept one can't be read.
 */
public final class Logins {

    private static final Logger LOG = LoggerFactory.getLogger(Logins.class);
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private static final String KEEP = """
            insert into sluice.login (account, refresh_token) values (?, ?)
            on conflict (account) do update set refresh_token = excluded.refresh_token, changed_at = clock_timestamp()""";

    private static final String ORGANISATION = """
            insert into sluice.login (account, organisation) values (?, ?)
            on conflict (account) do update set organisation = excluded.organisation, changed_at = clock_timestamp()""";

    private static final String RESUME = """
            insert into sluice.login (account, resumed_at) values (?, clock_timestamp())
            on conflict (account) do update set resumed_at = excluded.resumed_at""";

    /** The settings of a login as their files have them now. */
    @FunctionalInterface
    public interface Settings {
        Map<String, String> of(String account);
    }

    private final Database database;
    private final Settings settings;

    /** @param settings reads the settings of a login anew */
    public Logins(Database database, Settings settings) {
        this.database = database;
        this.settings = settings;
    }

    /** The settings of a login as they are now; those it has, where they can't be read. */
    public Map<String, String> settings(String account, Map<String, String> otherwise) {
        try {
            Map<String, String> now = settings.of(account);
            return now.isEmpty() ? otherwise : now;
        } catch (IllegalArgumentException unreadable) {
            LOG.warn("Account {}: {}. The settings stay as they were.", account, unreadable.getMessage());
            return otherwise;
        }
    }

    /** The newest refresh token: the one that is kept, else the configured one. */
    public String refreshToken(String account, String configured) {
        try {
            return database.first("select refresh_token from sluice.login where account = ?", row -> Optional.ofNullable(
                    row.getString(1)), account).flatMap(kept -> kept).flatMap(kept -> decrypted(kept, configured))
                    .orElse(configured);
        } catch (SQLException away) {
            LOG.warn("Account {}: the newest refresh token can't be read, so the configured one is used: {}", account,
                    io.sluice.RootCause.of(away));
            return configured;
        }
    }

    /**
     * Keeps a refresh token that the CRM gave.
     *
     * @param configured under which it is encrypted
     */
    public void keep(String account, String configured, String fresh) throws SQLException {
        database.update(KEEP, account, encrypted(fresh, configured));
    }

    /** The organisation that was let in last, if one is known. */
    public Optional<String> organisation(String account) throws SQLException {
        return database.first("select organisation from sluice.login where account = ?",
                row -> Optional.ofNullable(row.getString(1)), account).flatMap(known -> known);
    }

    public void organisation(String account, String organisation) throws SQLException {
        database.update(ORGANISATION, account, organisation);
    }

    /** Notes that a person wants the account to be tried at once, in every replica. */
    public void resume(String account) throws SQLException {
        database.update(RESUME, account);
    }

    /** When a person last wanted it tried. */
    public Instant resumedAt(String account) {
        try {
            return database.first("select resumed_at from sluice.login where account = ?",
                    row -> Optional.ofNullable(row.getObject(1, OffsetDateTime.class)), account).flatMap(known -> known)
                    .map(OffsetDateTime::toInstant).orElse(Instant.MIN);
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

    /** Nothing where it was encrypted under another secret. */
    private static Optional<String> decrypted(String kept, String secret) {
        try {
            byte[] both = Base64.getDecoder().decode(kept);
            return Optional.of(new String(cipher(Cipher.DECRYPT_MODE, secret, Arrays.copyOf(both, NONCE))
                    .doFinal(both, NONCE, both.length - NONCE), StandardCharsets.UTF_8));
        } catch (GeneralSecurityException | IllegalArgumentException other) {
            return Optional.empty();
        }
    }

    private static Cipher cipher(int mode, String secret, byte[] nonce) throws GeneralSecurityException {
        byte[] key = MessageDigest.getInstance("SHA-256").digest(("sluice login " + secret).getBytes(StandardCharsets.UTF_8));
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        return cipher;
    }
}

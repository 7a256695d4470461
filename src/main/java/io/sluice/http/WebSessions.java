// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.sluice.store.Database;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/**
 * Stores the sessions of people who have logged in, shared by all replicas. Each login makes a new session, so an id that somebody
 * else has planted is never used; the table holds hashes alone. A session is bound to the stored password of its user: once that
 * has another value, or the user was removed, the hash of a session has no row any more. For example, all sessions of a user end
 * if the same password is hashed again, since bcrypt's salt is another one.
 */
public final class WebSessions {

    /** Time after which a person logs in again. */
    static final Duration LIFETIME = Duration.ofHours(12);

    private static final int ID_BYTES = 32;

    private static final String OPEN =
            """
            insert into sluice.web_session (id_hash, name, expires_at)
            values (?, ?, clock_timestamp() + ? * interval '1 second')""";

    private static final String FIND =
            "select name from sluice.web_session where id_hash = ? and expires_at > clock_timestamp()";

    private static final String CLOSE = "delete from sluice.web_session where id_hash = ?";

    private final Database database;
    private final Users users;
    private final SecureRandom random = new SecureRandom();

    public WebSessions(Database database, Users users) {
        this.database = database;
        this.users = users;
    }

    /** Opens a session. @return its id, for the cookie: random characters and, after a dot, the encoded name of its user */
    String open(Caller caller) throws SQLException {
        byte[] bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        String id = encoded(bytes) + "." + encoded(caller.name().getBytes(StandardCharsets.UTF_8));
        database.update(OPEN, hash(id).orElseThrow(), caller.name(), LIFETIME.toSeconds());
        return id;
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns the caller of a session with the present roles; empty if the session or the user has ended. */
    Optional<Caller> find(String id) throws SQLException {
        Optional<byte[]> hash = hash(id);
        return hash.isEmpty()
                ? Optional.empty()
                : database.first(FIND, row -> row.getString("name"), hash.get()).flatMap(users::find);
    }

    void close(String id) throws SQLException {
        Optional<byte[]> hash = hash(id);
        if (hash.isPresent()) {
            database.update(CLOSE, hash.get());
        }
    }

    /** Returns the hash of a session's id and of the stored password of its user; empty if there is no such user. */
    private Optional<byte[]> hash(String id) {
        String name;
        try {
            name = new String(Base64.getUrlDecoder().decode(id.substring(id.indexOf('.') + 1)), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException planted) {
            return Optional.empty();
        }
        return users.password(name).map(password -> sha256(id + " " + password));
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

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
 * else has planted is never used; the table holds hashes of the ids alone.
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

    private static final String CLOSE =
            "delete from sluice.web_session where id_hash = ? or expires_at < clock_timestamp()";

    private final Database database;
    private final Users users;
    private final SecureRandom random = new SecureRandom();

    public WebSessions(Database database, Users users) {
        this.database = database;
        this.users = users;
    }

    /** Opens a session. @return its id, for the cookie */
    String open(Caller caller) throws SQLException {
        byte[] bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        database.update(OPEN, hash(id), caller.name(), LIFETIME.toSeconds());
        return id;
    }

    /** Returns the caller of a session with the present roles; empty if the session or the user has ended. */
    Optional<Caller> find(String id) throws SQLException {
        return database.first(FIND, row -> row.getString("name"), hash(id)).flatMap(users::find);
    }

    void close(String id) throws SQLException {
        database.update(CLOSE, hash(id));
    }

    private static byte[] hash(String id) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

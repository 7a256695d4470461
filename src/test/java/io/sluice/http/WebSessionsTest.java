// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WebSessionsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final String password = hash("one");
    private String session;

    @BeforeEach
    void annaLogsIn() throws SQLException {
        DATABASE.reset();
        Users users = new Users(Map.of("anna.password", password));
        session = new WebSessions(DATABASE.sluice(), users)
                .open(users.login("anna", "one").orElseThrow());
    }

    private static String hash(String password) {
        return BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, password.toCharArray());
    }

    /** The sessions of a replica that was started with other settings. */
    private static WebSessions sessions(Map<String, String> settings) {
        return new WebSessions(DATABASE.sluice(), new Users(settings));
    }

    @Test
    void allReplicasKnowASessionWithThePresentRoles() throws SQLException {
        assertThat(sessions(Map.of("anna.password", password, "anna.roles", "act"))
                        .find(session))
                .contains(new Caller("anna", Set.of(Caller.Role.ACT)));
    }

    @Test
    void aSessionEndsWhenItsUserHasAnotherPassword() throws SQLException {
        assertThat(sessions(Map.of("anna.password", hash("two"))).find(session)).isEmpty();
        assertThat(sessions(Map.of("anna.password", password)).find(session)).isPresent();
    }

    @Test
    void aSessionDoesNotReturnWithAUserWhoIsRemovedAndAddedAgain() throws SQLException {
        assertThat(sessions(Map.of()).find(session)).isEmpty();
        assertThat(sessions(Map.of("anna.password", hash("one"))).find(session)).isEmpty();
    }

    @Test
    void aSessionOfOneUserIsNoneOfAnother() throws SQLException {
        WebSessions sessions = sessions(Map.of("anna.password", password, "ben.password", password));
        String random = session.substring(0, session.indexOf('.'));
        for (String planted : new String[] {random + ".YmVu", random, random + ".", random + ".%", "", ".", "x"}) {
            assertThat(sessions.find(planted)).as(planted).isEmpty();
        }
    }

    @Test
    void aSessionEndsAtItsLogoutAndAtItsTime() throws SQLException {
        WebSessions sessions = sessions(Map.of("anna.password", password));
        DATABASE.run("update sluice.web_session set expires_at = clock_timestamp()");
        assertThat(sessions.find(session)).isEmpty();
        DATABASE.run("update sluice.web_session set expires_at = clock_timestamp() + interval '1 hour'");
        assertThat(sessions.find(session)).isPresent();
        sessions.close(session);
        assertThat(sessions.find(session)).isEmpty();
        sessions.close("planted");
    }

    @Test
    void neitherTheIdNorThePasswordIsStored() throws SQLException {
        assertThat(DATABASE.text("select encode(id_hash, 'hex') || name from sluice.web_session"))
                .doesNotContain(session)
                .doesNotContain(password);
    }
}

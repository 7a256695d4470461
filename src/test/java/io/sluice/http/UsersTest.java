// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UsersTest {

    private static String hash(String password) {
        return BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, password.toCharArray());
    }

    @Test
    void aUserLogsInWithThePasswordAndHasTheRoles() {
        Users users = new Users(
                Map.of("anna.password", hash("secret"), "anna.roles", "read, values", "ben.password", hash("other")));

        assertThat(users.login("anna", "secret")).hasValueSatisfying(caller -> assertThat(caller.roles())
                .containsExactlyInAnyOrder(Caller.Role.READ, Caller.Role.VALUES));
        assertThat(users.login("ben", "other"))
                .hasValueSatisfying(caller -> assertThat(caller.roles()).containsExactly(Caller.Role.READ));
        assertThat(users.login("anna", "other")).isEmpty();
        assertThat(users.login("anna", "")).isEmpty();
        assertThat(users.login("anna", "x".repeat(1000))).isEmpty();
        assertThat(users.login("nobody", "secret")).isEmpty();
    }

    @Test
    void aMistakeNamesItsSetting() {
        assertThatThrownBy(() -> new Users(Map.of("anna.password", "secret")))
                .hasMessageContaining("sluice.user.anna.password must be a bcrypt hash")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> new Users(Map.of("anna.password", hash("x"), "anna.roles", "read, wirte")))
                .hasMessageContaining("sluice.user.anna.roles: there is no role 'wirte'");
        assertThatThrownBy(() -> new Users(Map.of("anna.roles", "read")))
                .hasMessageContaining("sluice.user.anna.password is missing");
        assertThatThrownBy(() -> new Users(Map.of("anna.pasword", hash("x"))))
                .hasMessageContaining("sluice.user.anna.pasword is unknown");
    }
}

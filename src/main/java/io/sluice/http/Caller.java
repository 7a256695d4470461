// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.User;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The person or program behind a request.
 *
 * @param name  name for the audit
 * @param roles what the caller may do
 */
public record Caller(String name, Set<Role> roles) {

    /** What a caller may do; no role includes another. */
    public enum Role {
        /** Sees everything but the values of fields. */
        READ,
        /** Pauses, resumes, repairs, replays and discards. */
        ACT,
        /** Sees the values of fields. */
        VALUES;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Set<Role> ALL = EnumSet.allOf(Role.class);

    /** Everybody, where no login is set up: only this machine reaches the port. */
    public static final Caller LOCAL = new Caller("local", ALL);

    /** Whoever sends the token of {@code sluice.http.token}. */
    public static final Caller TOKEN = new Caller("token", ALL);

    /** Whoever reads a path that needs no token. */
    static final Caller ANYBODY = new Caller("anybody", EnumSet.of(Role.READ));

    public Caller {
        roles = Set.copyOf(roles);
    }

    public boolean may(Role role) {
        return roles.contains(role);
    }

    /**
     * Parses the roles of a setting.
     *
     * @param text names of roles, separated by commas
     * @throws IllegalArgumentException if a name is none of a role; its message names it
     */
    public static Set<Role> roles(String text) {
        return Arrays.stream(text.split("[,\\s]+"))
                .filter(name -> !name.isEmpty())
                .map(Caller::role)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Role.class)));
    }

    private static Role role(String name) {
        return Arrays.stream(Role.values())
                .filter(role -> role.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no role '" + name + "'; the roles are read, act and values"));
    }

    /** Makes the user that Vert.x and Camel hand on with the request. */
    User user() {
        JsonArray names = new JsonArray();
        new TreeSet<>(roles).forEach(role -> names.add(role.toString()));
        return User.create(new JsonObject().put("username", name).put("roles", names));
    }

    /** Returns the caller of a request that has passed the checks; a message from within the process has none. */
    public static Caller of(Object user) {
        if (!(user instanceof User known)) {
            return LOCAL;
        }
        return new Caller(
                known.principal().getString("username"),
                known.principal().getJsonArray("roles").stream()
                        .map(role -> role(role.toString()))
                        .collect(Collectors.toSet()));
    }
}

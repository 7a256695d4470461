// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The people who may log in, with their roles and the bcrypt hashes of their passwords, as {@code htpasswd -nB NAME} makes them
 * (https://httpd.apache.org/docs/2.4/programs/htpasswd.html).
 */
public final class Users {

    private static final int NOBODYS_COST = 10;
    private static final int MAX_PASSWORD_BYTES = 72;

    private record Account(String hash, Set<Caller.Role> roles) {}

    private final Map<String, Account> accounts = new LinkedHashMap<>();
    /** Hash of a password that nobody knows: an unknown name takes as long as a wrong password. */
    private final String nobody;

    /**
     * Reads the users.
     *
     * @param settings {@code NAME.password} and {@code NAME.roles}
     * @throws IllegalArgumentException naming the setting that is wrong
     */
    public Users(Map<String, String> settings) {
        Map<String, String> hashes = new LinkedHashMap<>();
        Map<String, String> roles = new LinkedHashMap<>();
        settings.forEach((setting, value) -> {
            int dot = setting.lastIndexOf('.');
            String name = setting.substring(0, Math.max(0, dot));
            switch (setting.substring(dot + 1)) {
                case "password" -> hashes.put(name, value);
                case "roles" -> roles.put(name, value);
                default ->
                    throw new IllegalArgumentException(
                            "sluice.user." + setting + " is unknown; a user has .password, .password-file and .roles");
            }
        });
        roles.keySet().stream()
                .filter(name -> !hashes.containsKey(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("sluice.user." + name + ".password is missing");
                });
        hashes.forEach((name, hash) -> accounts.put(name, new Account(checked(name, hash), roles(name, roles))));
        nobody = accounts.isEmpty()
                ? ""
                : BCrypt.withDefaults()
                        .hashToString(NOBODYS_COST, UUID.randomUUID().toString().toCharArray());
    }

    private static String checked(String name, String hash) {
        if (!hash.matches("\\$2[aby]\\$\\d\\d\\$[./A-Za-z0-9]{53}")) {
            throw new IllegalArgumentException(
                    "sluice.user." + name + ".password must be a bcrypt hash, as htpasswd -nB " + name
                            + " makes it, not the password itself");
        }
        return hash;
    }

    private static Set<Caller.Role> roles(String name, Map<String, String> roles) {
        try {
            return Caller.roles(roles.getOrDefault(name, "read"));
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("sluice.user." + name + ".roles: " + wrong.getMessage(), wrong);
        }
    }

    public boolean isEmpty() {
        return accounts.isEmpty();
    }

    /** Returns the caller if the password is that of the user; this takes some hundredths of a second. */
    public Optional<Caller> login(String name, String password) {
        Account account = accounts.get(name);
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        boolean right = BCrypt.verifyer()
                .verify(
                        bytes.length > MAX_PASSWORD_BYTES ? new byte[0] : bytes,
                        (account == null ? nobody : account.hash()).getBytes(StandardCharsets.UTF_8))
                .verified;
        return right && account != null ? Optional.of(new Caller(name, account.roles())) : Optional.empty();
    }

    /** Returns the stored password of a user, which is its bcrypt hash; empty if there is no such user. */
    Optional<String> password(String name) {
        return Optional.ofNullable(accounts.get(name)).map(Account::hash);
    }

    /** Returns the present roles of a user; empty if the user was removed. */
    public Optional<Caller> find(String name) {
        return Optional.ofNullable(accounts.get(name)).map(account -> new Caller(name, account.roles()));
    }
}

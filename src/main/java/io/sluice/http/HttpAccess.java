// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Decides which requests reach the API, as a pure function. A page of another site in a browser can send requests here too: by a
 * host name that resolves to this machine (DNS rebinding), or by a form. So the host must be known, and a request that changes
 * something must not come from another origin (OWASP, "Cross-Site Request Forgery Prevention",
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
 */
public final class HttpAccess {

    /** Paths below this prefix are served on the webhook port, and on no other. */
    public static final String WEBHOOKS = "/webhooks/";

    /** Path at which a person logs in; everybody reaches it. */
    public static final String LOGIN = "/page/login";

    /** Path that answers who is logged in. */
    public static final String ME = "/page/me";

    private static final String API = "/api/";
    private static final String PAGE = "/page/";
    /** Path at which a person logs out. */
    static final String LOGOUT = "/page/logout";

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    /** Paths that need no token to read, since they show no field's value. */
    private static final Set<String> OPEN = Set.of("/api/status", "/api/plan", "/api/calls", "/api/openapi.json");

    /** Paths below {@code /page/} that everybody reaches: the files of the page, and what leads to a login. */
    private static final Pattern PUBLIC = Pattern.compile("/page/(login|logout|me|[a-z0-9-]+\\.(js|css|svg))");

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final Set<String> hosts;
    private final byte[] token;
    private final boolean hasLogin;

    /**
     * @param hosts    host names of this machine, in addition to those of loopback
     * @param token    token of programs, or null
     * @param hasLogin whether people log in; without a token and a login everybody may do everything
     */
    public HttpAccess(Set<String> hosts, String token, boolean hasLogin) {
        this.hosts = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
        this.token = token == null ? null : token.getBytes(StandardCharsets.UTF_8);
        this.hasLogin = hasLogin;
    }

    /** Whether the answer depends on who sends the request; for the files of the page it does not. */
    public boolean needsCaller(Head head) {
        return !head.management() && (isProtected(head.path()) || head.path().equals(ME));
    }

    /** A path that is not known to be public is protected, since a router may serve one path in several spellings. */
    private static boolean isProtected(String path) {
        return path.startsWith(API)
                || path.startsWith(PAGE) && !PUBLIC.matcher(path).matches();
    }

    /**
     * Returns who sends a request, or null if nobody known does.
     *
     * @param visitor person of the request's session or of the proxy before Sluice, or null
     */
    public Caller caller(Head head, Caller visitor) {
        if (token == null && !hasLogin) {
            return Caller.LOCAL;
        }
        if (token != null && bearsToken(head.authorization())) {
            return Caller.TOKEN;
        }
        return visitor == null && isOpen(head) ? Caller.ANYBODY : visitor;
    }

    private boolean isOpen(Head head) {
        return !hasLogin && READING.contains(head.method()) && OPEN.contains(head.path());
    }

    /**
     * Head of a request; absent parts are null.
     *
     * @param localAddress address of this machine that the caller connected to
     * @param publicHost   host that the caller named to a trusted proxy, with its port
     * @param management   whether the request came to the management port, where no request changes anything
     */
    public record Head(
            String method,
            String path,
            String host,
            String publicHost,
            String localAddress,
            boolean management,
            String origin,
            String fetchSite,
            String contentType,
            boolean hasBody,
            String authorization) {}

    /** @param status HTTP status, 4xx */
    public record Rejection(int status, String reason, String words) {}

    /** Parses the host names of a setting, separated by commas or blanks. */
    public static Set<String> hosts(String setting) {
        return Arrays.stream(setting.split("[,\\s]+"))
                .filter(host -> !host.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether an address is a loopback address. An unknown name is not. */
    public static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host.replaceAll("^\\[|]$", "")).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /**
     * Returns empty if the request is allowed, else the rejection.
     *
     * @param caller who sends it, or null
     */
    public Optional<Rejection> check(Head head, Caller caller) {
        if (!isKnown(head.host(), head.localAddress())) {
            return rejection(
                    421,
                    "host",
                    "This server is not called '" + shortened(head.host()) + "'. Name it in"
                            + " sluice.http.hosts in application.properties if it is.");
        }
        if (head.management()) {
            return Optional.empty();
        }
        if (head.path().startsWith(WEBHOOKS)) {
            return rejection(404, "webhook port", "Webhooks are served on their own port, sluice.webhooks.port.");
        }
        boolean acts = !READING.contains(head.method());
        if (acts && (head.path().startsWith(API) || head.path().startsWith(PAGE))) {
            Optional<Rejection> foreign = acting(head);
            if (foreign.isPresent()) {
                return foreign;
            }
        }
        if (!isProtected(head.path()) || isOpen(head)) {
            return Optional.empty();
        }
        return allowed(caller, acts ? Caller.Role.ACT : Caller.Role.READ);
    }

    private Optional<Rejection> allowed(Caller caller, Caller.Role role) {
        if (caller == null) {
            return rejection(
                    401,
                    "login",
                    hasLogin
                            ? "Log in on the page, or send the token of sluice.http.token: 'Authorization: Bearer TOKEN'."
                            : "Send the token of sluice.http.token: 'Authorization: Bearer TOKEN'.");
        }
        return caller.may(role)
                ? Optional.empty()
                : rejection(
                        403,
                        "role",
                        "The user " + caller.name() + " lacks the role " + role + "; sluice.user." + caller.name()
                                + ".roles in application.properties grants it.");
    }

    private Optional<Rejection> acting(Head head) {
        String site = head.fetchSite();
        if (site != null && !site.equals("same-origin") && !site.equals("none")) {
            return rejection(403, "origin", "A page of another site may not do this.");
        }
        if (head.origin() != null && !isOwn(head.origin(), head.host()) && !isPublic(head)) {
            return rejection(
                    403,
                    "origin",
                    "A page of another site may not do this: the request is for '" + shortened(head.host())
                            + "', and its page has another origin. A proxy before Sluice must keep the header Host, or send"
                            + " X-Forwarded-Host; then sluice.http.trusted-proxies names the proxy and sluice.http.hosts that"
                            + " host.");
        }
        String type = head.contentType() == null
                ? ""
                : head.contentType().split(";")[0].strip().toLowerCase(Locale.ROOT);
        if (head.hasBody() && !type.equals("application/json") || !type.isEmpty() && !type.equals("application/json")) {
            return rejection(
                    415, "content type", "Send the body as application/json, or none: a form of another site can't.");
        }
        return Optional.empty();
    }

    /** Whether the origin is what a trusted proxy was called by: a name of Sluice, which rules out DNS rebinding as well. */
    private boolean isPublic(Head head) {
        return head.publicHost() != null && isKnown(head.publicHost(), null) && isOwn(head.origin(), head.publicHost());
    }

    private boolean isKnown(String host, String localAddress) {
        if (host == null || host.isBlank()) {
            return false;
        }
        String name = withoutPort(host);
        // an IP address is safe: DNS rebinding needs a name
        return LOOPBACK.contains(name)
                || hosts.contains(name)
                || localAddress != null && name.equals(literal(localAddress));
    }

    private static String literal(String address) {
        return address.indexOf(':') < 0 ? address : "[" + address.toLowerCase(Locale.ROOT) + "]";
    }

    private static String withoutPort(String host) {
        return host.strip().toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", "").replaceFirst("\\.$", "");
    }

    private static boolean isOwn(String origin, String host) {
        return origin.toLowerCase(Locale.ROOT)
                        .replaceFirst("^https?://", "")
                        .equals(host.strip().toLowerCase(Locale.ROOT))
                && origin.matches("(?i)https?://.*");
    }

    private boolean bearsToken(String authorization) {
        return authorization != null
                && authorization.regionMatches(true, 0, "Bearer ", 0, 7)
                && MessageDigest.isEqual(
                        token, authorization.substring(7).strip().getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<Rejection> rejection(int status, String reason, String words) {
        return Optional.of(new Rejection(status, reason, words));
    }

    /** Shortens a caller's text for an answer and replaces all characters that no host name has. */
    private static String shortened(String text) {
        String plain = text == null ? "" : text.replaceAll("[^A-Za-z0-9.:\\[\\]_-]", "?");
        return plain.length() > 80 ? plain.substring(0, 80) + "..." : plain;
    }
}

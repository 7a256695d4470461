// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the address that a caller used behind proxies, from {@code Forwarded} (RFC 7239,
 * https://www.rfc-editor.org/rfc/rfc7239) or {@code X-Forwarded-Proto}, {@code -Host}, {@code -Port} and {@code -Prefix}, if the
 * request comes from a trusted proxy. For example, a request to {@code http://10.0.0.5:8081/webhooks/hubspot} with
 * {@code X-Forwarded-Proto: https}, {@code X-Forwarded-Host: sync.example.org} and {@code X-Forwarded-Prefix: /crm} was sent to
 * {@code https://sync.example.org/crm/webhooks/hubspot}.
 */
public final class PublicAddress {

    private static final Pattern PAIR = Pattern.compile("([A-Za-z]+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;,\\s]*))");
    private static final Pattern HOST = Pattern.compile("(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::\\d{1,5})?");
    private static final Pattern PREFIX = Pattern.compile("(?:/[A-Za-z0-9._~%-]+)+/?");

    /** An address, not a name to be looked up. */
    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    /**
     * One element of {@code Forwarded}. In anything else a quotation mark of the sender may have taken in what the proxy wrote.
     */
    private static final Pattern ELEMENT = Pattern.compile(
            "PAIR(?:;PAIR)*+".replace("PAIR", "\\s*[A-Za-z0-9_-]+=(?:\"(?:[^\"\\\\]++|\\\\.)*+\"|[^;,\\s\"]*+)\\s*"));

    /** An address with brackets or a port, as proxies write it. */
    private static final Pattern HOP = Pattern.compile("\\[([0-9A-Fa-f:.]+)](?::\\d{1,5})?|([0-9.]+):\\d{1,5}");

    private record Network(BigInteger address, int bits, int length) {

        boolean contains(InetAddress other) {
            byte[] bytes = other.getAddress();
            return bytes.length * 8 == length
                    && new BigInteger(1, bytes).shiftRight(length - bits).equals(address.shiftRight(length - bits));
        }
    }

    private final List<Network> trusted = new ArrayList<>();

    /**
     * Parses the trusted proxies.
     *
     * @param proxies addresses or networks such as {@code 10.0.0.0/8}, separated by commas
     * @throws IllegalArgumentException if an entry is neither; its message names the entry
     */
    public PublicAddress(String proxies) {
        Arrays.stream(proxies.split("[,\\s]+"))
                .filter(one -> !one.isEmpty())
                .map(PublicAddress::network)
                .forEach(trusted::add);
    }

    private static Network network(String text) {
        String[] parts = text.split("/", 2);
        try {
            if (!LITERAL.matcher(parts[0]).matches()) {
                throw new UnknownHostException();
            }
            byte[] address = InetAddress.getByName(parts[0]).getAddress();
            int length = address.length * 8;
            int bits = parts.length == 1 ? length : Integer.parseInt(parts[1]);
            if (bits < 0 || bits > length) {
                throw new NumberFormatException();
            }
            return new Network(new BigInteger(1, address), bits, length);
        } catch (UnknownHostException | NumberFormatException none) {
            throw new IllegalArgumentException("'" + text + "' is no address or network such as 10.0.0.0/8", none);
        }
    }

    /** Whether the headers of a request from this address are trusted. */
    public boolean trusts(InetAddress remote) {
        return remote != null && trusted.stream().anyMatch(network -> network.contains(remote));
    }

    /**
     * Returns the address of who sent a request: that of the connection, or behind trusted proxies the last one in their
     * {@code X-Forwarded-For}, or {@code for=} of their {@code Forwarded}, that is none of a proxy. What stands before it may be
     * made up by the sender, and so may be one of the two headers, if a proxy writes the other one alone: if they differ, it is
     * the address of the connection.
     *
     * @param remote       address of the connection
     * @param forwardedFor values of {@code X-Forwarded-For}, in their order
     * @param forwarded    values of {@code Forwarded}, in their order
     */
    public String sender(String remote, List<String> forwardedFor, List<String> forwarded) {
        String one = last(remote, List.of(String.join(",", forwardedFor).split(",")));
        String other = last(
                remote,
                elements(String.join(",", forwarded)).stream()
                        .map(element -> ELEMENT.matcher(element).matches() ? value(element, "for") : null)
                        .toList());
        if (forwarded.isEmpty()) {
            return one;
        }
        return forwardedFor.isEmpty() || one.equals(other) ? other : remote;
    }

    /** Returns the last address before those of trusted proxies. @param hops addresses, the nearest one last; null: unknown */
    private String last(String remote, List<String> hops) {
        String sender = remote;
        for (int i = hops.size() - 1; i >= 0 && trusts(literal(sender)); i--) {
            String hop = hops.get(i) == null ? "" : withoutPort(hops.get(i).strip());
            if (literal(hop) == null) {
                break;
            }
            sender = hop;
        }
        return sender;
    }

    /** Returns {@code 192.0.2.1} for {@code 192.0.2.1:4711}, and {@code 2001:db8::1} for {@code [2001:db8::1]:4711}. */
    private static String withoutPort(String hop) {
        Matcher parts = HOP.matcher(hop);
        return !parts.matches() ? hop : parts.group(1) != null ? parts.group(1) : parts.group(2);
    }

    /** Returns an address of digits; null if the text is none. */
    private static InetAddress literal(String text) {
        try {
            return LITERAL.matcher(text).matches() ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException malformed) {
            return null;
        }
    }

    /**
     * Returns the part of the public address before the path.
     *
     * @param direct scheme and host of the request itself, such as {@code http://127.0.0.1:8081}
     * @param header function from the name of a header to its value, or null
     */
    public String base(String direct, InetAddress remote, UnaryOperator<String> header) {
        if (!trusts(remote)) {
            return direct;
        }
        String scheme = direct.substring(0, direct.indexOf(':'));
        String host = direct.substring(direct.indexOf("//") + 2);
        String prefix = "";
        String forwarded = header.apply("Forwarded");
        if (forwarded != null && !forwarded.isBlank()) {
            scheme = scheme(pair(forwarded, "proto"), scheme);
            host = host(pair(forwarded, "host"), host);
        } else {
            scheme = scheme(first(header.apply("X-Forwarded-Proto")), scheme);
            host = host(first(header.apply("X-Forwarded-Host")), host);
            String port = first(header.apply("X-Forwarded-Port"));
            if (port != null
                    && port.matches("\\d{1,5}")
                    && header.apply("X-Forwarded-Host") != null
                    && !host.matches(".*:\\d+")
                    && !port.equals(scheme.equals("https") ? "443" : "80")) {
                host += ":" + port;
            }
        }
        String forwardedPrefix = first(header.apply("X-Forwarded-Prefix"));
        if (forwardedPrefix != null && PREFIX.matcher(forwardedPrefix).matches()) {
            prefix = forwardedPrefix.replaceFirst("/+$", "");
        }
        return scheme + "://" + host + prefix;
    }

    private static String scheme(String forwarded, String direct) {
        return forwarded != null && forwarded.matches("(?i)https?") ? forwarded.toLowerCase(Locale.ROOT) : direct;
    }

    private static String host(String forwarded, String direct) {
        return forwarded != null && HOST.matcher(forwarded).matches() ? forwarded : direct;
    }

    /** Reads a value from the first element, which is that of the proxy nearest to the caller. */
    private static String pair(String forwarded, String name) {
        return value(elements(forwarded).get(0), name);
    }

    private static String value(String element, String name) {
        Matcher pairs = PAIR.matcher(element);
        while (pairs.find()) {
            if (pairs.group(1).equalsIgnoreCase(name)) {
                return pairs.group(2) != null ? pairs.group(2).replaceAll("\\\\(.)", "$1") : pairs.group(3);
            }
        }
        return null;
    }

    /** Splits a header at the commas that are in no quoted text. */
    private static List<String> elements(String forwarded) {
        List<String> elements = new ArrayList<>();
        boolean quoted = false;
        int begin = 0;
        for (int i = 0; i < forwarded.length(); i++) {
            char sign = forwarded.charAt(i);
            if (quoted && sign == '\\') {
                i++;
            } else if (sign == '"') {
                quoted = !quoted;
            } else if (sign == ',' && !quoted) {
                elements.add(forwarded.substring(begin, i));
                begin = i + 1;
            }
        }
        elements.add(forwarded.substring(begin));
        return elements;
    }

    private static String first(String header) {
        return header == null || header.isBlank() ? null : header.split(",")[0].strip();
    }
}

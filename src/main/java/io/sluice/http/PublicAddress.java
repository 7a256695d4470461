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
 * Finds the address that a caller used, behind proxies: what {@code Forwarded} (RFC 7239,
 * https://www.rfc-editor.org/rfc/rfc7239) or {@code X-Forwarded-Proto}, {@code -Host}, {@code -Port} and {@code -Prefix} say,
 * where the request comes from a trusted proxy. Worked example: a request to {@code http://10.0.0.5:8081/webhooks/hubspot} with
 * {@code X-Forwarded-Proto: https}, {@code X-Forwarded-Host: sync.example.org} and {@code X-Forwarded-Prefix: /crm} was sent to
 * {@code https://sync.example.org/crm/webhooks/hubspot}.
 */
public final class PublicAddress {

    private static final Pattern PAIR = Pattern.compile("([A-Za-z]+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;,\\s]*))");
    private static final Pattern HOST = Pattern.compile("(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::\\d{1,5})?");
    private static final Pattern PREFIX = Pattern.compile("(?:/[A-Za-z0-9._~%-]+)+/?");

    private record Network(BigInteger address, int bits, int length) {

        boolean contains(InetAddress other) {
            byte[] bytes = other.getAddress();
            return bytes.length * 8 == length
                    && new BigInteger(1, bytes).shiftRight(length - bits).equals(address.shiftRight(length - bits));
        }
    }

    private final List<Network> trusted = new ArrayList<>();

    /**
     * Reads the proxies that are trusted.
     *
     * @param proxies addresses or networks such as {@code 10.0.0.0/8}, parted by commas
     * @throws IllegalArgumentException naming the one that is none
     */
    public PublicAddress(String proxies) {
        Arrays.stream(proxies.split("[,\\s]+")).filter(one -> !one.isEmpty()).map(PublicAddress::network)
                .forEach(trusted::add);
    }

    private static Network network(String text) {
        String[] parts = text.split("/", 2);
        try {
            if (!parts[0].matches("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")) {
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

    /** Whether a request from this address may say what its caller called. */
    public boolean trusts(InetAddress remote) {
        return remote != null && trusted.stream().anyMatch(network -> network.contains(remote));
    }

    /**
     * Says what stands before the path.
     *
     * @param called what the request itself names, such as {@code http://127.0.0.1:8081}
     * @param header a header of the request by its name, or null
     */
    public String base(String called, InetAddress remote, UnaryOperator<String> header) {
        if (!trusts(remote)) {
            return called;
        }
        String scheme = called.substring(0, called.indexOf(':'));
        String host = called.substring(called.indexOf("//") + 2);
        String prefix = "";
        String forwarded = header.apply("Forwarded");
        if (forwarded != null && !forwarded.isBlank()) {
            scheme = scheme(pair(forwarded, "proto"), scheme);
            host = host(pair(forwarded, "host"), host);
        } else {
            scheme = scheme(first(header.apply("X-Forwarded-Proto")), scheme);
            host = host(first(header.apply("X-Forwarded-Host")), host);
            String port = first(header.apply("X-Forwarded-Port"));
            if (port != null && port.matches("\\d{1,5}") && header.apply("X-Forwarded-Host") != null
                    && !host.matches(".*:\\d+") && !port.equals(scheme.equals("https") ? "443" : "80")) {
                host += ":" + port;
            }
        }
        String said = first(header.apply("X-Forwarded-Prefix"));
        if (said != null && PREFIX.matcher(said).matches()) {
            prefix = said.replaceFirst("/+$", "");
        }
        return scheme + "://" + host + prefix;
    }

    private static String scheme(String said, String otherwise) {
        return said != null && said.matches("(?i)https?") ? said.toLowerCase(Locale.ROOT) : otherwise;
    }

    private static String host(String said, String otherwise) {
        return said != null && HOST.matcher(said).matches() ? said : otherwise;
    }

    /** The first element is that of the proxy nearest to the caller. */
    private static String pair(String forwarded, String name) {
        Matcher pairs = PAIR.matcher(firstElement(forwarded));
        while (pairs.find()) {
            if (pairs.group(1).equalsIgnoreCase(name)) {
                return pairs.group(2) != null ? pairs.group(2).replaceAll("\\\\(.)", "$1") : pairs.group(3);
            }
        }
        return null;
    }

    private static String firstElement(String forwarded) {
        boolean quoted = false;
        for (int i = 0; i < forwarded.length(); i++) {
            char sign = forwarded.charAt(i);
            if (quoted && sign == '\\') {
                i++;
            } else if (sign == '"') {
                quoted = !quoted;
            } else if (sign == ',' && !quoted) {
                return forwarded.substring(0, i);
            }
        }
        return forwarded;
    }

    private static String first(String header) {
        return header == null || header.isBlank() ? null : header.split(",")[0].strip();
    }
}

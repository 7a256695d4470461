// SPDX-License-Identifier: Apache-2.0
package io.sluice.web;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Serves the files of the page, which it holds in memory: a request is compared with their names, so no path leads elsewhere.
 * The page loads nothing from other servers and runs no inline script or style; its headers forbid both (OWASP, "HTTP Security
 * Response Headers Cheat Sheet",
 * https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html).
 */
public final class PageFiles {

    private static final String FOLDER = "io/sluice/web/";
    private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";

    private static final List<String> OWN = List.of(
            "sluice.css",
            "icon.svg",
            "app.js",
            "api.js",
            "dom.js",
            "words.js",
            "accounts.js",
            "syncs.js",
            "problems.js",
            "lists.js",
            "record.js",
            "session.js",
            "usage.js",
            "what-if.js",
            "plot.js");

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=UTF-8",
            "css", "text/css;charset=UTF-8",
            "js", "text/javascript;charset=UTF-8",
            "svg", "image/svg+xml");

    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'",
            "X-Frame-Options",
            "DENY",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=()");

    private record PageFile(String type, Buffer content, String tag) {}

    private final Map<String, PageFile> files = new LinkedHashMap<>();

    public PageFiles() {
        files.put("/", file(FOLDER + "index.html"));
        OWN.forEach(name -> files.put("/page/" + name, file(FOLDER + name)));
        files.put("/page/uplot.js", file(UPLOT + "uPlot.esm.js"));
        files.put("/page/uplot.css", file(UPLOT + "uPlot.min.css"));
    }

    private static PageFile file(String resource) {
        try (InputStream content = PageFiles.class.getClassLoader().getResourceAsStream(resource)) {
            if (content == null) {
                throw new IllegalStateException("The page's file " + resource + " is not on the class path.");
            }
            byte[] bytes = content.readAllBytes();
            String hash = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))
                    .substring(0, 16);
            return new PageFile(
                    TYPES.get(resource.substring(resource.lastIndexOf('.') + 1)),
                    Buffer.buffer(bytes),
                    '"' + hash + '"');
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Adds the files to the router of a port. */
    public void serve(Router router) {
        files.forEach((path, file) -> router.get(path).handler(request -> answer(request, file)));
    }

    private static void answer(RoutingContext request, PageFile file) {
        HttpServerResponse response = request.response();
        HEADERS.forEach(response::putHeader);
        response.putHeader(HttpHeaders.ETAG, file.tag()).putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
        if (file.tag().equals(request.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(304).end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, file.type()).end(file.content());
    }
}

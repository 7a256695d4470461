// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The Chromium of this machine, for tests of the page. Without one they are skipped, and say so. */
final class Chromium implements AutoCloseable {

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    private final Playwright playwright;
    private final Browser browser;
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private final Queue<String> errors = new ConcurrentLinkedQueue<>();

    private Chromium(Path executable) {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable)
                        .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")));
    }

    static Chromium start() {
        Optional<Path> executable = Stream.of(System.getenv("PATH").split(":"))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
        if (executable.isEmpty()) {
            System.out.println("There is no Chromium on this machine, so the page is not tested in a browser.");
        }
        Assumptions.assumeTrue(executable.isPresent(), "there is no Chromium on this machine");
        return new Chromium(executable.get());
    }

    /** Closes all pages: an open one is updated every second. */
    void closePages() {
        browser.contexts().forEach(BrowserContext::close);
    }

    /** Opens an empty page. */
    Page open(int width, int height, ColorScheme scheme) {
        BrowserContext context = browser.newContext(
                new Browser.NewContextOptions().setViewportSize(width, height).setColorScheme(scheme));
        Page page = context.newPage();
        page.setDefaultTimeout(30_000);
        page.onRequest(request -> requests.add(request.url()));
        page.onPageError(error -> errors.add(error.toString()));
        page.onConsoleMessage(message -> {
            if (message.type().equals("error")) {
                errors.add(message.text());
            }
        });
        return page;
    }

    /** Addresses of all requests of all pages. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** Errors of scripts, and messages that the browser logs as errors. */
    List<String> errors() {
        return List.copyOf(errors);
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}

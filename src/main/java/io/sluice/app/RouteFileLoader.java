// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.dsl.yaml.YamlRoutesBuilderLoader;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the files {@code *.camel.yaml} in place of Camel's own loader, which ends the process at the first file that it can't
 * read. A file of syncs with a mistake is left out, and its mistakes stop the start, or its own syncs alone; a file that is no
 * UTF-8 text is passed over.
 */
final class RouteFileLoader extends YamlRoutesBuilderLoader {

    static final String SUFFIX = ".camel.yaml";
    /** The name under which Camel looks for a loader in the registry: it ends with the file's extension. */
    private static final String REGISTERED = "routes-builder-loader-";

    private static final Logger LOG = LoggerFactory.getLogger(RouteFileLoader.class);
    private static final Pattern MISSING_SETTING = Pattern.compile("Property with key \\[([^]]+)] not found");

    private final Settings settings;
    private final Map<Path, List<String>> mistakes = new TreeMap<>();
    /** By file, the text that Camel rejected: it reads a file twice, and its second failure would end the process. */
    private final Map<Path, String> rejected = new HashMap<>();

    private final Set<Path> passedOver = new HashSet<>();

    /** Takes the place of Camel's loader in this context. */
    static RouteFileLoader in(CamelContext context) {
        RouteFileLoader loader = new RouteFileLoader(context);
        loader.setCamelContext(context);
        ServiceHelper.startService(loader);
        context.getRegistry().bind(REGISTERED + SUFFIX.substring(1), loader);
        return loader;
    }

    private RouteFileLoader(CamelContext context) {
        this.settings = new Settings(context);
    }

    @Override
    public boolean isSupportedExtension(String extension) {
        return extension.equals(SUFFIX.substring(1)) || extension.endsWith(SUFFIX);
    }

    @Override
    public void preParseRoute(Resource resource) throws Exception {
        if (isReadable(resource)) {
            try {
                super.preParseRoute(resource);
            } catch (Exception failure) {
                reject(resource, failure);
            }
        }
    }

    @Override
    public RoutesBuilder loadRoutesBuilder(Resource resource) throws Exception {
        if (isReadable(resource)) {
            try {
                return super.loadRoutesBuilder(resource);
            } catch (Exception failure) {
                reject(resource, failure);
            }
        }
        return null;
    }

    /** The syncs of the files that were left out, with their mistakes and as much as is known of them. */
    List<Sync> unreadable() {
        List<Sync> syncs = new ArrayList<>();
        mistakes.forEach((file, sentences) -> {
            List<Sync> outlines = new ArrayList<>(SyncFileShape.outlines(String.valueOf(text(file))));
            if (outlines.isEmpty()) {
                outlines.add(new Sync());
                outlines.get(0).setName(file.getFileName().toString().replace(SUFFIX, ""));
            }
            for (Sync sync : outlines) {
                sync.setFile(file.toString());
                sync.setUnreadable(true);
                sync.setMistakes(
                        sentences.stream().map(it -> new Sync.Mistake(null, it)).toList());
                syncs.add(sync);
            }
        });
        return syncs;
    }

    private boolean isReadable(Resource resource) throws IOException {
        Path file = file(resource);
        if (file == null || !Files.isRegularFile(file)) {
            return true;
        }
        String text = text(file);
        if (text == null) {
            if (passedOver.add(file)) {
                LOG.warn(
                        "{} is passed over: it is no text in UTF-8. Save it in that encoding and start again, or delete it.",
                        file);
            }
            return false;
        }
        if (text.equals(rejected.get(file))) {
            return false;
        }
        List<String> found = isOfSyncs(file) ? SyncFileShape.mistakes(text) : List.of();
        if (found.isEmpty()) {
            mistakes.remove(file);
        } else {
            mistakes.put(file, found);
        }
        return found.isEmpty();
    }

    /** Takes Camel's failure as a mistake of the file's syncs; the file of other routes stops the start. */
    private void reject(Resource resource, Exception failure) throws Exception {
        Path file = file(resource);
        if (file == null) {
            throw failure;
        }
        String sentence = sentence(text(file), failure);
        if (!isOfSyncs(file)) {
            throw new InvalidRouteFile(file + ": " + sentence, failure);
        }
        rejected.put(file, text(file));
        mistakes.put(file, List.of(sentence));
    }

    private static String sentence(String text, Exception failure) {
        String hidden = YamlMistakes.beforeParsing(text);
        if (hidden != null) {
            return hidden;
        }
        String words = CamelWords.of(failure);
        Matcher setting = MISSING_SETTING.matcher(words);
        if (setting.find()) {
            return YamlMistakes.at(
                    Math.max(0, YamlMistakes.lineWith(text, "{{" + setting.group(1))),
                    "there is no setting '" + setting.group(1) + "'; add it to application.properties");
        }
        return words;
    }

    private boolean isOfSyncs(Path file) {
        Path folder = Path.of(settings.text("sluice.syncs.folder", "routes/syncs"));
        return file.toAbsolutePath()
                .normalize()
                .startsWith(folder.toAbsolutePath().normalize());
    }

    /** @return null if the file is no text in UTF-8 */
    private static String text(Path file) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            return text.indexOf('\0') < 0 ? text.replaceFirst("^\\ufeff", "") : null;
        } catch (CharacterCodingException otherEncoding) {
            return null;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** @return null for what is no file, such as a resource of the class path */
    private static Path file(Resource resource) {
        String location = String.valueOf(resource.getLocation());
        try {
            return "file".equals(resource.getScheme()) ? Path.of(location.replaceFirst("^file:(//)?", "")) : null;
        } catch (FileSystemNotFoundException | IllegalArgumentException none) {
            return null;
        }
    }
}

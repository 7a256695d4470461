package io.sluice.crm.salesforce;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Temporary files on their way to the CRM and from it. A process that is killed leaves them, with the records that are in
 * them; so whoever makes one takes away those that have been there for longer than any transfer lasts.
 */
final class TransferFiles {

    private static final Logger LOG = LoggerFactory.getLogger(TransferFiles.class);
    private static final String PREFIX = "sluice-";
    private static final String SUFFIX = ".csv";
    private static final Duration LONGEST_LIFE = Duration.ofHours(1);

    private TransferFiles() {
    }

    /** Readable by nobody else. */
    static Path make() throws IOException {
        Path file = Files.createTempFile(PREFIX, SUFFIX);
        sweep(file.getParent(), Instant.now());
        return file;
    }

    /** @return how many files were taken away that killed processes had left */
    static int sweep(Path folder, Instant now) {
        int gone = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                if (isLeft(file, now)) {
                    delete(file);
                    gone++;
                }
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            // where one may make files and not list them, the system clears them
            LOG.debug("What killed processes left in {} stays for now", folder, unreadable);
        }
        return gone;
    }

    /** Another process may take it away at the same time. */
    private static boolean isLeft(Path file, Instant now) {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(LONGEST_LIFE));
        } catch (IOException gone) {
            return false;
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException left) {
            LOG.debug("{} stays for now", file, left);
        }
    }
}

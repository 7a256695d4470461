// SPDX-License-Identifier: Apache-2.0
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
 * Manages temporary files for transfers to and from Salesforce. A killed process leaves its files behind, with the
 * records in them; so creating a file deletes those that are older than any transfer.
 */
final class TransferFiles {

    private static final Logger LOG = LoggerFactory.getLogger(TransferFiles.class);
    private static final String PREFIX = "sluice-";
    private static final String SUFFIX = ".csv";
    private static final Duration MAX_AGE = Duration.ofHours(1);

    private TransferFiles() {}

    /** Creates a file that only this user can read. */
    static Path make() throws IOException {
        Path file = Files.createTempFile(PREFIX, SUFFIX);
        sweep(file.getParent(), Instant.now());
        return file;
    }

    /** @return the number of deleted files that killed processes had left */
    static int sweep(Path folder, Instant now) {
        int deleted = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                if (isLeft(file, now)) {
                    delete(file);
                    deleted++;
                }
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            // where files can be created but not listed, the operating system deletes them
            LOG.debug("Files left in {} by killed processes can't be listed and stay for now", folder, unreadable);
        }
        return deleted;
    }

    /** Tells whether a file was left behind; another process may delete it at the same time. */
    private static boolean isLeft(Path file, Instant now) {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(MAX_AGE));
        } catch (IOException gone) {
            return false;
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException left) {
            LOG.debug("Temporary file {} can't be deleted and stays for now", file, left);
        }
    }
}

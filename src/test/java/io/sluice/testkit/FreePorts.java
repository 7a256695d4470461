// SPDX-License-Identifier: Apache-2.0
package io.sluice.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that a test starts later, in this process or another. A port that the system chooses may be given to an
 * outgoing connection before the server takes it, so these lie below the range from which Linux chooses (32768 to 60999, see
 * <a href="https://docs.kernel.org/networking/ip-sysctl.html">ip_local_port_range</a>). The processes of one build count in one
 * file, so that no two tests get the same port.
 */
public final class FreePorts {

    private static final int FIRST = 10_240;
    private static final int END = 32_768;
    private static final Path NEXT = Path.of("target", "next-port");

    private FreePorts() {}

    /** Returns a port on which nothing listens. */
    @SuppressWarnings("try")
    public static synchronized int next() {
        try {
            Files.createDirectories(NEXT.getParent());
            try (FileChannel file = FileChannel.open(
                            NEXT, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileLock lock = file.lock()) {
                int port = read(file);
                while (!isFree(port)) {
                    port = after(port);
                }
                write(file, after(port));
                return port;
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Begins anywhere, so that two builds on one machine seldom meet. */
    private static int read(FileChannel file) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(5);
        return file.read(text, 0) == text.capacity()
                ? Integer.parseInt(new String(text.array(), StandardCharsets.US_ASCII))
                : ThreadLocalRandom.current().nextInt(FIRST, END);
    }

    private static void write(FileChannel file, int port) throws IOException {
        file.write(StandardCharsets.US_ASCII.encode(String.valueOf(port)), 0);
    }

    private static int after(int port) {
        return port + 1 < END ? port + 1 : FIRST;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port)) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}

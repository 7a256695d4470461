// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/** Writes a replay id as the ten bytes that real orgs show: a number, and two that are zero. */
final class ReplayId {

    private static final int LENGTH = 10;

    private ReplayId() {}

    static ByteString bytes(long replayId) {
        return ByteString.copyFrom(ByteBuffer.allocate(LENGTH).putLong(0, replayId));
    }

    /** Reads a replay id; empty when it is none. */
    static OptionalLong read(ByteString bytes) {
        if (bytes.size() != LENGTH || bytes.byteAt(LENGTH - 2) != 0 || bytes.byteAt(LENGTH - 1) != 0) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(bytes.asReadOnlyByteBuffer().getLong());
    }
}

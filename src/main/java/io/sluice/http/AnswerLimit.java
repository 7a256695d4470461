// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/**
 * Fails a call whose answer is too large, after decompression: a gateway that sends without end, or a few kilobytes that expand to
 * gigabytes, would fill the heap, and each thread that runs out of memory ends.
 */
final class AnswerLimit implements ExecChainHandler {

    private final long max;

    /** @param max the maximum size of an answer, in bytes */
    AnswerLimit(long max) {
        this.max = max;
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        ClassicHttpResponse response = chain.proceed(request, scope);
        if (response.getEntity() != null) {
            response.setEntity(new Limited(response.getEntity(), max));
        }
        return response;
    }

    private static final class Limited extends HttpEntityWrapper {

        private final long max;

        private Limited(HttpEntity entity, long max) {
            super(entity);
            this.max = max;
        }

        @Override
        public InputStream getContent() throws IOException {
            return new LimitedStream(super.getContent(), max);
        }
    }

    private static final class LimitedStream extends FilterInputStream {

        private final long max;
        private long read;

        private LimitedStream(InputStream stream, long max) {
            super(stream);
            this.max = max;
        }

        @Override
        public int read() throws IOException {
            int next = super.read();
            count(next < 0 ? 0 : 1);
            return next;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int count = super.read(bytes, from, length);
            count(Math.max(0, count));
            return count;
        }

        private void count(int bytes) throws IOException {
            read += bytes;
            if (read > max) {
                throw new IOException("the answer is larger than " + max + " bytes");
            }
        }
    }
}

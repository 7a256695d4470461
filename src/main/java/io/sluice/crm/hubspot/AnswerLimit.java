// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

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
 * Fails a call whose answer is larger than any answer of HubSpot, after decompression: a gateway that sends without end, or a
 * few kilobytes that expand to gigabytes, would fill the heap, and each thread that runs out of memory ends.
 */
final class AnswerLimit implements ExecChainHandler {

    /** Maximum size of an answer, in bytes: that of a webhook's request, which holds 100 values of 65,536 characters. */
    static final long MAX_ANSWER = 40L << 20;

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        ClassicHttpResponse response = chain.proceed(request, scope);
        if (response.getEntity() != null) {
            response.setEntity(new Limited(response.getEntity()));
        }
        return response;
    }

    private static final class Limited extends HttpEntityWrapper {

        private Limited(HttpEntity entity) {
            super(entity);
        }

        @Override
        public InputStream getContent() throws IOException {
            return new LimitedStream(super.getContent());
        }
    }

    private static final class LimitedStream extends FilterInputStream {

        private long read;

        private LimitedStream(InputStream stream) {
            super(stream);
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
            if (read > MAX_ANSWER) {
                throw new IOException("the answer is larger than " + MAX_ANSWER + " bytes");
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpServerRequest;
import java.nio.file.Path;

/** Writes the body of a request to a file, as fast as the disk takes it; bytes beyond the limit are dropped. */
final class Upload {

    private final HttpServerRequest http;
    private final long most;
    private long written;

    private Upload(HttpServerRequest http, long most) {
        this.http = http;
        this.most = most;
    }

    /** Stores the body; must be called before anything else reads the request. */
    static Future<Void> store(Vertx vertx, HttpServerRequest http, Path file, long most) {
        http.pause();
        return vertx.fileSystem()
                .open(file.toString(), new OpenOptions().setWrite(true).setCreateNew(true))
                .compose(open -> new Upload(http, most).into(open));
    }

    private Future<Void> into(AsyncFile file) {
        Promise<Void> all = Promise.promise();
        http.exceptionHandler(all::tryFail);
        http.handler(bytes -> take(file, bytes));
        http.endHandler(v -> all.tryComplete());
        http.resume();
        return all.future().eventually(() -> file.close());
    }

    private void take(AsyncFile file, Buffer bytes) {
        int taken = (int) Math.min(bytes.length(), most - written);
        if (taken == 0) {
            return;
        }
        written += taken;
        file.write(bytes.slice(0, taken)).onFailure(e -> http.connection().close());
        if (file.writeQueueFull()) {
            http.pause();
            file.drainHandler(v -> http.resume());
        }
    }
}

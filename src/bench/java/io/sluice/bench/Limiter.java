// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.util.concurrent.Callable;

/** Makes a call as soon as it thinks that the server will take it. */
@FunctionalInterface
interface Limiter {

    /** @param call returns the HTTP status */
    void make(Callable<Integer> call) throws Exception;
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.nio.file.Path;
import java.util.Map;

/** Runs one measurement. It prints its table itself and returns the content of its JSON. */
@FunctionalInterface
public interface Bench {

    /** @param work a folder of its own, emptied before the run */
    Map<String, Object> run(Path work) throws Exception;
}

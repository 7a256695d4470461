// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.nio.file.Path;
import java.util.Map;

/** One measurement. It prints its table itself and returns what goes into its JSON. */
@FunctionalInterface
public interface Bench {

    /** @param work a folder of its own, emptied before the run */
    Map<String, Object> run(Path work) throws Exception;
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Priority;
import java.util.Arrays;
import java.util.List;

/**
 * The marks of a limit's use, in percent, and the priorities that each stops. A mark ends a few percentage points below its
 * value, so that a use that varies around it begins and ends one alert. For example, 85 begins at 85 % and ends below 82 %.
 */
public enum LimitMark {
    LOW_WAITS(70, Severity.INFO, Priority.LOW),
    NORMAL_WAITS(85, Severity.WARNING, Priority.NORMAL),
    HIGH_WAITS(95, Severity.CRITICAL, Priority.HIGH),
    ALL_WAIT(100, Severity.CRITICAL, Priority.CRITICAL);

    private static final int SLACK = 3;

    private final int percent;
    private final Severity severity;
    private final Priority mostUrgent;

    LimitMark(int percent, Severity severity, Priority mostUrgent) {
        this.percent = percent;
        this.severity = severity;
        this.mostUrgent = mostUrgent;
    }

    public int percent() {
        return percent;
    }

    Severity severity() {
        return severity;
    }

    /** Returns the priorities that wait from this mark on, the most urgent first. */
    List<Priority> delays() {
        return Arrays.stream(Priority.values())
                .filter(priority -> priority.rank() >= mostUrgent.rank())
                .toList();
    }

    /** Computes the present mark from the one before and the use, both in percent; 0 below all marks. */
    static int next(int before, int percent) {
        int reached = highest(percent);
        return reached >= before ? reached : Math.min(before, highest(percent + SLACK));
    }

    private static int highest(int percent) {
        int highest = 0;
        for (LimitMark mark : values()) {
            highest = percent >= mark.percent ? mark.percent : highest;
        }
        return highest;
    }
}

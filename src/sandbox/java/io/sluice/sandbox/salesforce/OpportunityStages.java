// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Lists the stages of a new org's opportunities with what each implies ("OpportunityStage" in the Object Reference;
 * probabilities and forecast categories of the stages are from memory).
 *
 * @param probability in percent
 * @param category    name of the forecast category
 */
record OpportunityStages(String name, double probability, String category) {

    static final String WON = "Closed Won";
    static final String LOST = "Closed Lost";

    private static final String PIPELINE = "Pipeline";

    static final List<OpportunityStages> ALL = List.of(
            new OpportunityStages("Prospecting", 10, PIPELINE),
            new OpportunityStages("Qualification", 10, PIPELINE),
            new OpportunityStages("Needs Analysis", 20, PIPELINE),
            new OpportunityStages("Value Proposition", 50, PIPELINE),
            new OpportunityStages("Id. Decision Makers", 60, PIPELINE),
            new OpportunityStages("Perception Analysis", 70, PIPELINE),
            new OpportunityStages("Proposal/Price Quote", 75, PIPELINE),
            new OpportunityStages("Negotiation/Review", 90, PIPELINE),
            new OpportunityStages(WON, 100, "Closed"),
            new OpportunityStages(LOST, 0, "Omitted"));

    /** Names of forecast categories, in the order of {@link #CATEGORY_VALUES}. */
    static final List<String> CATEGORIES = List.of("Omitted", PIPELINE, "Best Case", "Commit", "Closed");

    private static final List<String> CATEGORY_VALUES = List.of("Omitted", PIPELINE, "BestCase", "Forecast", "Closed");

    static String[] names() {
        return ALL.stream().map(OpportunityStages::name).toArray(String[]::new);
    }

    static Optional<OpportunityStages> of(Object name) {
        return ALL.stream().filter(stage -> stage.name.equals(name)).findFirst();
    }

    /** Answers the value of ForecastCategory that belongs to a name of a category, or null. */
    static String categoryValue(Object name) {
        int place = CATEGORIES.indexOf(String.valueOf(name));
        return place < 0 ? null : CATEGORY_VALUES.get(place);
    }

    static String[] categoryValues() {
        return CATEGORY_VALUES.toArray(String[]::new);
    }

    boolean isClosed() {
        return Arrays.asList(WON, LOST).contains(name);
    }

    boolean isWon() {
        return WON.equals(name);
    }
}

package io.sluice.sandbox.hubspot;

/** What the referee calls the requests, and which limits pass them by ({@code x-hubspot-rate-limit-exemptions}). */
final class Operations {

    static final String SEARCH = "search";
    private static final String ASSOCIATIONS = "associations";

    private Operations() { }

    /** Searches have a limit of their own instead of the ten-second one. */
    static boolean isSearch(String operation) {
        return SEARCH.equals(operation);
    }

    static boolean isAssociationBatch(String operation) {
        return operation.startsWith(ASSOCIATIONS);
    }
}

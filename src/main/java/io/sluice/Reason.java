package io.sluice;

/** Why something failed, in words for a person: the message at the root of an exception's causes. */
public final class Reason {

    private Reason() {
    }

    /** The root's message, or its class where it has none. */
    public static String of(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null || message.isBlank() ? root.getClass().getSimpleName() : message;
    }
}

package io.opsledger;

/** How a contract stands. */
public enum Status {
    /** Nothing is due yet. */
    NOT_DUE("not-due"),
    /** Kept. */
    MET("met"),
    /** Broken, and waived by the party it benefits. */
    WAIVED("waived"),
    /** Kept so far, with little left. */
    AT_RISK("at-risk"),
    /** Nothing recorded to judge it by. */
    NO_EVIDENCE("no-evidence"),
    /** Broken. */
    BREACHED("breached");

    private final String text;

    Status(String text) {
        this.text = text;
    }

    /** As it stands in documents. */
    @Override
    public String toString() {
        return text;
    }
}

package io.opsledger;

/** Which facts count. */
public enum View {
    /** What needs the other party's confirmation counts once confirmed and not in dispute. */
    AGREED(0),
    /** All facts. */
    CLAIMED(1);

    final int number;

    View(int number) {
        this.number = number;
    }
}

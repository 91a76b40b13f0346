package io.opsledger;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;

/** How a contract stands, as numbers. A figure of a clause that the contract does not have is empty. */
public final class Budget {
    static final int FIGURES = 13;
    private static final Status[] STATUSES = Status.values();

    private final long[] figures;

    Budget(long[] figures) {
        this.figures = figures;
    }

    /** The instant the figures hold for. */
    public Instant asOf() {
        return OpsLedger.instant(figures[0]);
    }

    /** What was known. */
    public Instant knownAt() {
        return OpsLedger.instant(figures[1]);
    }

    /** Status of the contract. */
    public Status status() {
        return STATUSES[(int) figures[2]];
    }

    /** Long outages. */
    public OptionalLong longCount() {
        return count(3);
    }

    /** How many are allowed. */
    public OptionalLong longMax() {
        return count(4);
    }

    /** Short outages. */
    public OptionalLong shortCount() {
        return count(5);
    }

    /** How many are allowed. */
    public OptionalLong shortMax() {
        return count(6);
    }

    /** Open outages that are not long yet. */
    public OptionalLong pendingCount() {
        return count(7);
    }

    /** Downtime. */
    public Optional<Duration> downtime() {
        return duration(8);
    }

    /** How much is allowed. */
    public Optional<Duration> downtimeMax() {
        return duration(9);
    }

    /** What is left of it; negative once it is broken. */
    public Optional<Duration> remaining() {
        return duration(10);
    }

    /** The earliest breach to come if nothing more is recorded. */
    public Optional<Instant> nextBreachAt() {
        return is(11) ? Optional.of(OpsLedger.instant(figures[11])) : Optional.empty();
    }

    /** The last entry read; empty without a ledger. */
    public OptionalLong headSeq() {
        return is(12) ? OptionalLong.of(figures[12]) : OptionalLong.empty();
    }

    private boolean is(int figure) {
        return figures[figure] != OpsLedger.ABSENT;
    }

    private OptionalLong count(int figure) {
        return figures[figure] < 0 ? OptionalLong.empty() : OptionalLong.of(figures[figure]);
    }

    private Optional<Duration> duration(int figure) {
        return is(figure) ? Optional.of(Duration.of(figures[figure], ChronoUnit.MICROS)) : Optional.empty();
    }
}

package io.opsledger;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** A service contract, as read from its text. Any number of threads may use it at once. */
public final class Contract extends Handle {
    private Contract(long number) {
        super(number);
    }

    /**
     * Reads a contract (TOML).
     *
     * @throws OpsLedgerException.Input with line, column, value and what to do
     */
    public static Contract parse(String toml) {
        return parse(Native.utf8(toml));
    }

    /** As {@link #parse(String)}, from the bytes of a file: they are what {@link #sm3()} names. */
    public static Contract parse(byte[] toml) {
        return new Contract(Native.contractParse(toml));
    }

    /** The contract's identity: SM3 of its bytes, in lower-case hex. */
    public String sm3() {
        return Native.text(Native.contractSm3(number()));
    }

    /**
     * Working time from start to end on a calendar of the contract; zero when the end is not after the start.
     *
     * @throws OpsLedgerException.Input {@code no-schedule}, naming the year
     */
    public Duration between(String calendar, Instant start, Instant end) {
        long[] us = between(calendar, column(OpsLedger.micros(start)), column(OpsLedger.micros(end)));
        return Duration.of(us[0], ChronoUnit.MICROS);
    }

    /** The same for columns of microseconds; an error says in which row it is. */
    public long[] between(String calendar, long[] start, long[] end) {
        return Native.calendarBetween(number(), Native.utf8(calendar), start, end);
    }

    /**
     * The first instant at which so much working time has passed since start.
     *
     * @throws OpsLedgerException.Input {@code no-schedule}, naming the year
     */
    public Instant add(String calendar, Instant start, Duration amount) {
        long us = OpsLedger.micros(Instant.EPOCH.plus(amount));
        return OpsLedger.instant(add(calendar, column(OpsLedger.micros(start)), column(us))[0]);
    }

    /** The same for columns of microseconds; an error says in which row it is. */
    public long[] add(String calendar, long[] start, long[] amount) {
        return Native.calendarAdd(number(), Native.utf8(calendar), start, amount);
    }

    private static long[] column(long value) {
        return new long[] {value};
    }

    @Override
    void free(long number) {
        Native.contractFree(number);
    }
}

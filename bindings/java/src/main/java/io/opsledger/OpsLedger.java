package io.opsledger;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Versions and instants. Instants are microseconds since 1970-01-01T00:00:00Z wherever they are numbers. */
public final class OpsLedger {
    /** The instant or figure that is not there, where numbers are asked for or given. */
    public static final long ABSENT = Long.MIN_VALUE;

    private OpsLedger() {}

    /** The version of the loaded library, such as {@code 0.1.0}. */
    public static String version() {
        return Native.version();
    }

    /** Its ABI: major version times 65536 plus minor version. */
    public static int abiVersion() {
        return Native.abiVersion();
    }

    /** The parts in the loaded library, separated by blanks. */
    public static String features() {
        return Native.features();
    }

    /**
     * Reads RFC 3339 with an offset, at most six digits of the second.
     *
     * @throws OpsLedgerException.Input {@code naive-time} without an offset, {@code bad-time}
     */
    public static Instant parseTime(String text) {
        return instant(Native.timeParse(Native.utf8(text)));
    }

    /**
     * Writes an instant with the offset of an IANA zone, or with an empty zone in the canonical form of the ledger.
     *
     * @throws OpsLedgerException.Input {@code bad-zone}, {@code out-of-range}
     */
    public static String formatTime(Instant at, String zone) {
        return Native.text(Native.timeFormat(micros(at), Native.utf8(zone)));
    }

    /**
     * An instant as microseconds.
     *
     * @throws ArithmeticException when it lies beyond what a long holds
     * @throws IllegalArgumentException when it has a part of a microsecond, which would be lost
     */
    public static long micros(Instant at) {
        if (at.getNano() % 1000 != 0) {
            throw new IllegalArgumentException(at + " has a part of a microsecond: truncate it first");
        }
        return Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000L), at.getNano() / 1000);
    }

    /** Microseconds as an instant. */
    public static Instant instant(long us) {
        return Instant.EPOCH.plus(us, ChronoUnit.MICROS);
    }
}

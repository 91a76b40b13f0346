package io.opsledger;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/** An open ledger. Any number of threads, handles and processes may use one at once. */
public final class Ledger extends Handle {
    private Ledger(long number) {
        super(number);
    }

    /** How to open. */
    public static final class Options {
        private boolean create;
        private boolean readOnly;
        private boolean acceptClock;
        private int durability;
        private long waitLimitUs;

        /** Make the file if there is none; an existing ledger is opened. */
        public Options create() {
            create = true;
            return this;
        }

        /** Only reading. */
        public Options readOnly() {
            readOnly = true;
            return this;
        }

        /** Accept a clock more than 400 days ahead of the last entry. */
        public Options acceptClock() {
            acceptClock = true;
            return this;
        }

        /** Leave it to the operating system when an append reaches the disk: a power cut may lose it. */
        public Options durabilityOs() {
            durability = 1;
            return this;
        }

        /** How long a writer waits for others; without it 30 seconds. */
        public Options waitLimit(Duration limit) {
            waitLimitUs = Math.max(1, OpsLedger.micros(Instant.EPOCH.plus(limit)));
            return this;
        }
    }

    /** The last entry. */
    public static final class Head {
        /** Its number; 0 for an empty ledger. */
        public final long seq;
        /** When it was recorded. */
        public final Instant recordedAt;
        /** SM3 of its head line in lower-case hex. */
        public final String sm3;

        private Head(long seq, long recordedAt, String sm3) {
            this.seq = seq;
            this.recordedAt = OpsLedger.instant(recordedAt);
            this.sm3 = sm3;
        }
    }

    /** What {@link Ledger#verify} found. */
    public static final class Verdict {
        /** Entries read. */
        public final long entries;
        /** The first bad entry, if it is one that is wrong. */
        public final OptionalLong firstBad;
        /** What is wrong, a stable name; null when all is sound. */
        public final String problem;
        /** The same in words; null when all is sound. */
        public final String detail;

        private Verdict(long entries, long firstBad, String problem) {
            int nul = problem == null ? -1 : problem.indexOf('\0');
            this.entries = entries;
            this.firstBad = firstBad == OpsLedger.ABSENT ? OptionalLong.empty() : OptionalLong.of(firstBad);
            this.problem = problem == null ? null : problem.substring(0, nul);
            this.detail = problem == null ? null : problem.substring(nul + 1);
        }

        /** True when nothing is wrong. */
        public boolean ok() {
            return problem == null && !firstBad.isPresent();
        }
    }

    /** Opens an existing ledger. */
    public static Ledger open(Path path) {
        return open(path, new Options());
    }

    /**
     * Opens a ledger, or makes one.
     *
     * @throws OpsLedgerException {@code not-found}, {@code not-a-ledger}, {@code ledger-version}, {@code read-only-file}
     */
    public static Ledger open(Path path, Options options) {
        return new Ledger(Native.ledgerOpen(
                name(path), options.create, options.readOnly, options.durability, options.acceptClock, options.waitLimitUs));
    }

    /**
     * Appends facts, one JSON object a line: all are recorded or none. A fact whose key is recorded already with the same
     * content gets its old number.
     *
     * @return the number of each fact's entry
     * @throws OpsLedgerException with the line as {@link OpsLedgerException#row}
     */
    public long[] append(String jsonl) {
        return append(Native.utf8(jsonl));
    }

    /** As {@link #append(String)}, from UTF-8 bytes. */
    public long[] append(byte[] jsonl) {
        return Native.ledgerAppend(number(), jsonl);
    }

    /** The last entry, by any process. */
    public Head head() {
        long[] numbers = new long[2];
        String sm3 = Native.text(Native.ledgerHead(number(), numbers));
        return new Head(numbers[0], numbers[1], sm3);
    }

    /** Entries from a number on, at most so many, as JSON Lines with {@code seq}, {@code head}, {@code hash} and {@code fact}. */
    public String read(long from, long limit) {
        return Native.text(Native.ledgerRead(number(), from, limit));
    }

    /** Answers a query over the public table {@code entry(seq, head, fact)}: JSON with {@code columns} and {@code rows}. */
    public String sql(String query) {
        return Native.text(Native.ledgerSql(number(), Native.utf8(query)));
    }

    /**
     * Imports a CSV file; the same file twice changes nothing.
     *
     * @param json options: {@code lenient}, {@code zone}; may be empty
     * @param progress may be null
     * @return JSON with {@code seqs}, {@code new} and {@code faults}
     */
    public String importCsv(Path file, String json, Progress progress) {
        byte[] kind = Native.utf8("csv");
        return Native.text(Native.ledgerImport(number(), kind, name(file), Native.utf8(json), progress));
    }

    /** As {@link #verify(Progress)}, told nothing meanwhile. */
    public Verdict verify() {
        return verify(null);
    }

    /** Re-hashes everything and names the first bad entry. */
    public Verdict verify(Progress progress) {
        long[] numbers = new long[2];
        byte[] problem = Native.ledgerVerify(number(), progress, numbers);
        return new Verdict(numbers[0], numbers[1], problem == null ? null : Native.text(problem));
    }

    /** Writes one consistent, self-contained copy for read-only media and auditors; an existing file is refused. */
    public void snapshot(Path path, Progress progress) {
        Native.ledgerSnapshot(number(), name(path), progress);
    }

    private static byte[] name(Path path) {
        return Native.utf8(path.toString());
    }

    @Override
    void free(long number) {
        Native.ledgerFree(number);
    }
}

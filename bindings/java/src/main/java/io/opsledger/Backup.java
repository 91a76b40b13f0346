package io.opsledger;

/**
 * Backups: sealed, checked, restored in drills, compared with the standby.
 *
 * <p>Each operation takes its options as a JSON object ({@code schemas/backup-options.schema.json}, such as
 * {@code {"path":"/backup/2026-03-02","level":"L2"}}) and gives its report as JSON ({@code schemas/backup-report.schema.json}).
 * What a check found is the report's {@code verdict}, not an exception. With a ledger, the contract that it adopted completes
 * the options, and what the report states is appended when the operation has ended, all of it or nothing.
 *
 * <p>A call may take hours. Progress is told in the calling thread: bytes done and in all, or files where no bytes are counted.
 */
public final class Backup {
    private Backup() {}

    /**
     * Seals a folder as a BagIt bag.
     *
     * @param ledger may be null
     * @param options {@code path}, {@code set}, {@code key} and others
     * @param progress may be null
     * @throws OpsLedgerException.Input a key that is unknown, a folder that cannot be sealed
     * @throws OpsLedgerException.Cancelled the progress answered false; the next seal completes it
     */
    public static String seal(Ledger ledger, String options, Progress progress) {
        return run(ledger, "seal", options, progress);
    }

    /**
     * Checks a set: digests and signature (L1), structure (L2). What is checked is never written to.
     *
     * @param ledger may be null
     * @param options {@code path}, {@code level}, {@code key}, {@code sample} and others
     * @param progress may be null
     * @throws OpsLedgerException.Input a key that is unknown or a value that is wrong
     * @throws OpsLedgerException.NotFound there is nothing at the path
     * @throws OpsLedgerException.Cancelled the progress answered false; nothing is recorded
     */
    public static String verify(Ledger ledger, String options, Progress progress) {
        return run(ledger, "verify", options, progress);
    }

    /**
     * Restores a set into a scratch target with the real engine (L3).
     *
     * @param ledger may be null
     * @param options {@code path}, {@code kind}, {@code rto} and others
     * @param progress may be null
     * @throws OpsLedgerException as {@link #verify}
     */
    public static String drill(Ledger ledger, String options, Progress progress) {
        return run(ledger, "drill", options, progress);
    }

    /**
     * Compares platform and standby (L4).
     *
     * @param ledger may be null
     * @param options {@code platform}, {@code standby} and others
     * @param progress may be null
     * @throws OpsLedgerException as {@link #verify}
     */
    public static String compare(Ledger ledger, String options, Progress progress) {
        return run(ledger, "compare", options, progress);
    }

    /**
     * Where the sets of the contract stand (L0).
     *
     * @param ledger may be null when {@code folders} are given
     * @param options {@code set}, {@code folders}
     * @param progress may be null
     * @throws OpsLedgerException as {@link #verify}
     */
    public static String status(Ledger ledger, String options, Progress progress) {
        return run(ledger, "status", options, progress);
    }

    /**
     * An operation by its name.
     *
     * @param ledger may be null
     * @param operation {@code seal}, {@code verify}, {@code drill}, {@code compare} or {@code status}
     * @param options a JSON object; empty text asks for nothing
     * @param progress may be null
     * @return the report, one line of JSON with its line feed
     * @throws OpsLedgerException.Input {@code unknown-word} for another operation
     */
    public static String run(Ledger ledger, String operation, String options, Progress progress) {
        long number = ledger == null ? 0 : ledger.number();
        return Native.text(Native.backupRun(number, Native.utf8(operation), Native.utf8(options), progress));
    }
}

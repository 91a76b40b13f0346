package io.opsledger;

import java.time.Instant;

/** The books of one contract. Any number of threads may use them at once. */
public final class Account extends Handle {
    private Account(long number) {
        super(number);
    }

    /** An account of facts that {@link #add} brings, without a ledger. */
    public static Account of(Contract contract) {
        return new Account(Native.accountOpen(contract.number(), 0));
    }

    /** An account that follows a ledger: every question first reads what was appended since, by any process. */
    public static Account open(Contract contract, Ledger ledger) {
        return new Account(Native.accountOpen(contract.number(), ledger.number()));
    }

    /**
     * As {@link #open(Contract, Ledger)}, with the contract that the ledger adopted.
     *
     * @throws OpsLedgerException.NotFound when it adopted none
     */
    public static Account open(Ledger ledger) {
        return new Account(Native.accountOpen(0, ledger.number()));
    }

    /**
     * Adds facts, one JSON object a line, each with its stated {@code recorded_at} (absent: its {@code at}), in that order. All
     * are added or none.
     *
     * @throws OpsLedgerException.Input with the line as {@link OpsLedgerException#row}
     */
    public void add(String jsonl) {
        Native.accountAdd(number(), Native.utf8(jsonl));
    }

    /** How the contract stands by everything known, in the agreed view. */
    public Budget budget() {
        return budget(OpsLedger.ABSENT, OpsLedger.ABSENT, View.AGREED);
    }

    /** How it stood at an instant, as known at another. */
    public Budget budget(Instant asOf, Instant knownAt, View view) {
        return budget(micros(asOf), micros(knownAt), view);
    }

    /**
     * The hot form: instants in microseconds, {@link OpsLedger#ABSENT} where not given.
     *
     * @throws OpsLedgerException.Input {@code as-of-after-known-at}
     */
    public Budget budget(long asOf, long knownAt, View view) {
        long[] figures = new long[Budget.FIGURES];
        Native.accountBudget(number(), asOf, knownAt, view.number, figures);
        return new Budget(figures);
    }

    /** The assessment document (JSON) by everything known, in the agreed view. */
    public String assess() {
        return assess(null, null, View.AGREED, 0);
    }

    /**
     * The assessment document (JSON).
     *
     * @param asOf null: the same as {@code knownAt}
     * @param knownAt null: the last instant recorded; with a ledger, now if that is later
     * @param head only entries up to this one; 0: all
     */
    public String assess(Instant asOf, Instant knownAt, View view, long head) {
        return Native.text(Native.accountAssess(number(), micros(asOf), micros(knownAt), head, view.number));
    }

    /**
     * A self-contained HTML page.
     *
     * @param json what is wanted: {@code as_of}, {@code known_at} (RFC 3339), {@code view}, {@code lang}, {@code head}; may be empty
     */
    public String report(String json) {
        return Native.text(Native.accountReport(number(), Native.utf8(json)));
    }

    private static long micros(Instant at) {
        return at == null ? OpsLedger.ABSENT : OpsLedger.micros(at);
    }

    @Override
    void free(long number) {
        Native.accountFree(number);
    }
}

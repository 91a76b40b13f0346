package io.opsledger;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

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

    /** A register ({@code incidents}, {@code duty}, …) as JSON by everything known, in the agreed view. */
    public String register(String name) {
        return register(name, null, null, View.AGREED);
    }

    /**
     * A register as JSON: its columns, and a row a subject.
     *
     * @param asOf null: the same as {@code knownAt}
     * @param knownAt null: the last instant recorded; with a ledger, now if that is later
     * @throws OpsLedgerException.NotFound for a name there is not, with those there are
     */
    public String register(String name, Instant asOf, Instant knownAt, View view) {
        return Native.text(
                Native.accountRegister(number(), Native.utf8(name), micros(asOf), micros(knownAt), view.number));
    }

    /** Why a clause stands as it does (JSON) by everything known, in the agreed view. */
    public String explain(String clause) {
        return explain(clause, null, null, null, View.AGREED);
    }

    /**
     * Why a clause stands as it does (JSON).
     *
     * @param caseName one case of it, a subject or a period; null: all of them
     * @param asOf null: the same as {@code knownAt}
     * @param knownAt null: the last instant recorded; with a ledger, now if that is later
     * @throws OpsLedgerException.NotFound for a clause or a case there is not, with those there are
     */
    public String explain(String clause, String caseName, Instant asOf, Instant knownAt, View view) {
        byte[] of = Native.utf8(caseName == null ? "" : caseName);
        return Native.text(Native.accountExplain(
                number(), Native.utf8(clause), of, micros(asOf), micros(knownAt), view.number));
    }

    /** What falls due within 7 days (JSON) by everything known, in the agreed view. */
    public String due() {
        return due(null, null, null, View.AGREED);
    }

    /**
     * What falls due, is at risk, or waits for whom, if nothing more is recorded (JSON).
     *
     * @param within how far from {@code asOf} on; null: 7 days
     * @param asOf null: the same as {@code knownAt}
     * @param knownAt null: the last instant recorded; with a ledger, now if that is later
     * @throws OpsLedgerException.Input for a negative {@code within}
     */
    public String due(Duration within, Instant asOf, Instant knownAt, View view) {
        long us = within == null ? OpsLedger.ABSENT : OpsLedger.micros(Instant.EPOCH.plus(within));
        return Native.text(Native.accountDue(number(), micros(asOf), micros(knownAt), us, view.number));
    }

    /**
     * A document that people sign, as files. The same question gives the same bytes, in every language. The first file is the
     * document itself; of {@code acceptance} it is the index.
     *
     * @param kind {@code monthly}, {@code incident}, {@code ledger}, {@code roster} or {@code acceptance}
     * @param json what is wanted, may be empty: {@code month} ({@code 2026-03}; absent: the month before the last instant known),
     *     {@code subject} (the incident), {@code formats} (an array of {@code docx}, {@code xlsx}, {@code html}), {@code lang}
     *     ({@code zh}, the default, or {@code en}), {@code as_of}, {@code known_at} (RFC 3339), {@code view}, {@code head};
     *     {@code ledger} and {@code contract} are the names of their files, for the commands in the annex
     * @return the files, in a list that cannot be changed
     * @throws OpsLedgerException.Input for another kind, form or month, and without the incident
     * @throws OpsLedgerException.NotFound for an incident nobody reported
     */
    public List<Document> documents(String kind, String json) {
        byte[][] parts = Native.accountDocuments(number(), Native.utf8(kind), Native.utf8(json));
        List<Document> files = new ArrayList<>();
        for (int i = 0; i < parts.length; i += 3) {
            files.add(new Document(Native.text(parts[i]), Native.text(parts[i + 1]), parts[i + 2]));
        }
        return Collections.unmodifiableList(files);
    }

    private static long micros(Instant at) {
        return at == null ? OpsLedger.ABSENT : OpsLedger.micros(at);
    }

    @Override
    void free(long number) {
        Native.accountFree(number);
    }
}

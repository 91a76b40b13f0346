package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountTest {
    private static final Instant APRIL = Instant.parse("2026-03-31T16:00:00Z");

    @TempDir Path folder;

    @Test
    void looseFactsGiveFiguresAndADocument() {
        try (Contract contract = Contract.parse(Samples.CONTRACT);
                Account account = Account.of(contract)) {
            account.add(Samples.OUTAGE);
            Budget budget = account.budget(APRIL, APRIL, View.AGREED);
            assertEquals(APRIL, budget.asOf());
            assertEquals(APRIL, budget.knownAt());
            assertEquals(Status.MET, budget.status());
            assertEquals(OptionalLong.of(1), budget.longCount());
            assertEquals(OptionalLong.of(2), budget.longMax());
            assertEquals(OptionalLong.empty(), budget.shortMax());
            assertEquals(Optional.of(Duration.ofHours(2)), budget.downtime());
            assertEquals(Optional.of(Duration.ofHours(10)), budget.downtimeMax());
            assertEquals(Optional.of(Duration.ofHours(8)), budget.remaining());
            assertEquals(Optional.empty(), budget.nextBreachAt());
            assertEquals(OptionalLong.empty(), budget.headSeq());
            JsonObject document = Samples.json(account.assess(APRIL, APRIL, View.CLAIMED, 0));
            assertEquals("claimed", document.get("view").getAsString());
            assertEquals(contract.sm3(), document.get("contract_sm3").getAsString());
            assertEquals(7_200_000_000L, document.getAsJsonObject("outages").get("downtime_us").getAsLong());
            // Without instants: by the last fact.
            assertEquals(Instant.parse("2026-03-02T02:00:00Z"), account.budget().knownAt());
            assertEquals("met", Samples.json(account.assess()).get("status").getAsString());
        }
    }

    @Test
    void anOpenOutageHasABreachToCome() {
        try (Contract contract = Contract.parse(Samples.CONTRACT);
                Account account = Account.of(contract)) {
            account.add(Samples.OUTAGE.split("\n")[0]);
            Instant start = Instant.parse("2026-03-02T00:00:00Z");
            Instant later = start.plusSeconds(3600);
            assertEquals(Optional.of(start.plus(Duration.ofHours(10))), account.budget(later, later, View.AGREED).nextBreachAt());
            Instant end = start.plus(Duration.ofHours(11));
            Budget broken = account.budget(end, end, View.AGREED);
            assertEquals(Status.BREACHED, broken.status());
            assertEquals(Optional.of(Duration.ofHours(-1)), broken.remaining());
        }
    }

    @Test
    void badQuestionsAndFacts() {
        try (Contract contract = Contract.parse(Samples.CONTRACT);
                Account account = Account.of(contract)) {
            account.add(Samples.OUTAGE);
            String before = account.assess();
            OpsLedgerException order = fails(OpsLedgerException.Input.class, "not-in-order", "2026-03-01",
                    () -> account.add("{\"kind\":\"x.note\",\"at\":\"2026-03-03T00:00:00Z\"}\n{\"kind\":\"x.note\",\"at\":\"2026-03-01T00:00:00Z\"}"));
            assertEquals(OptionalLong.of(2), order.row());
            assertEquals(before, account.assess());
            fails(OpsLedgerException.Input.class, "as-of-after-known-at", "", () -> account.budget(APRIL, APRIL.minusSeconds(1), View.AGREED));
            fails(OpsLedgerException.Input.class, "out-of-range", "-1", () -> account.assess(null, null, View.AGREED, -1));
            fails(OpsLedgerException.Input.class, "bad-request", "docx", () -> account.report("{\"format\":\"docx\"}"));
            assertTrue(account.report("{\"lang\":\"zh\"}").contains("<html"));
        }
    }

    @Test
    void anAccountFollowsItsLedger() {
        Path path = folder.resolve("books");
        try (Contract contract = Contract.parse(Samples.CONTRACT);
                Ledger writer = Ledger.open(path, new Ledger.Options().create())) {
            Ledger reader = Ledger.open(path);
            fails(OpsLedgerException.NotFound.class, "not-found", "", () -> Account.open(reader));
            try (Account account = Account.open(contract, reader)) {
                reader.close(); // the account keeps what it needs
                assertEquals(OptionalLong.of(0), account.budget().headSeq());
                writer.append(Samples.OUTAGE);
                Budget budget = account.budget();
                assertEquals(OptionalLong.of(2), budget.headSeq());
                assertEquals(Optional.of(Duration.ofHours(2)), budget.downtime());
                JsonObject head = Samples.json(account.assess()).getAsJsonObject("head");
                assertEquals(writer.head().sm3, head.get("sm3").getAsString());
                fails(OpsLedgerException.Input.class, "bad-request", "account.add", () -> account.add(Samples.OUTAGE));
            }
        }
    }

    @Test
    void useAfterCloseThrows() {
        Account account;
        try (Contract contract = Contract.parse(Samples.CONTRACT)) {
            account = Account.of(contract);
        }
        account.add(Samples.OUTAGE); // the contract was closed, the account was not
        account.close();
        assertTrue(account.isClosed());
        assertThrows(OpsLedgerException.Closed.class, account::budget);
        assertThrows(OpsLedgerException.Closed.class, account::assess);
        assertThrows(OpsLedgerException.Closed.class, () -> account.add(""));
        assertFalse(Status.MET.toString().isEmpty());
    }
}

package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ContractTest {
    private static final String WORKDAYS = Samples.CONTRACT
            + "[[calendar]]\nid = \"workdays\"\nopen = { workday = [\"09:00-17:00\"] }\nholidays = \"CN\"\n";

    @Test
    void aContractIsNamedByItsBytes() {
        try (Contract text = Contract.parse(Samples.CONTRACT);
                Contract bytes = Contract.parse(Samples.CONTRACT.getBytes(StandardCharsets.UTF_8));
                Contract other = Contract.parse(Samples.CONTRACT + "\n")) {
            assertEquals(64, text.sm3().length());
            assertEquals(text.sm3(), bytes.sm3());
            assertTrue(!text.sm3().equals(other.sm3()));
        }
    }

    @Test
    void badContractsSayWhere() {
        fails(OpsLedgerException.Input.class, "contract-key", "mx", () -> Contract.parse(Samples.CONTRACT + "mx = 1\n"));
        fails(OpsLedgerException.Input.class, "contract-syntax", "1", () -> Contract.parse("format = \n"));
        fails(OpsLedgerException.Version.class, "contract-format", "2", () -> Contract.parse("format = 2\n"));
        fails(OpsLedgerException.Input.class, "bad-utf8", "", () -> Contract.parse(new byte[] {'a', (byte) 0xff}));
        fails(OpsLedgerException.Input.class, "null-pointer", "", () -> Contract.parse((byte[]) null));
    }

    @Test
    void workingTime() {
        try (Contract contract = Contract.parse(WORKDAYS)) {
            Instant friday = Instant.parse("2026-03-06T08:00:00Z"); // 16:00 in Shanghai
            Instant monday = Instant.parse("2026-03-09T02:00:00Z"); // 10:00
            assertEquals(Duration.ofHours(2), contract.between("workdays", friday, monday));
            assertEquals(Duration.ZERO, contract.between("workdays", monday, friday));
            assertEquals(monday, contract.add("workdays", friday, Duration.ofHours(2)));
            assertEquals(friday, contract.add("workdays", friday, Duration.ZERO));
            long[] start = {OpsLedger.micros(friday), OpsLedger.micros(monday)};
            long[] end = {OpsLedger.micros(monday), OpsLedger.micros(monday) + 1};
            assertArrayEquals(new long[] {7_200_000_000L, 1}, contract.between("workdays", start, end));
            assertArrayEquals(new long[] {start[0] + 1, start[1] + 1}, contract.add("7x24", start, new long[] {1, 1}));
            assertEquals(0, contract.between("7x24", new long[0], new long[0]).length);
            end[1] = OpsLedger.micros(Instant.parse("2031-01-01T00:00:00Z"));
            OpsLedgerException error = fails(
                    OpsLedgerException.Input.class, "no-schedule", "2027", () -> contract.between("workdays", start, end));
            assertEquals(OptionalLong.of(2), error.row());
            fails(OpsLedgerException.NotFound.class, "not-found", "7x9", () -> contract.between("7x9", friday, monday));
            fails(OpsLedgerException.Input.class, "bad-request", "2", () -> contract.between("7x24", start, new long[1]));
            fails(OpsLedgerException.Input.class, "null-pointer", "", () -> contract.between("7x24", start, null));
        }
    }

    @Test
    void useAfterCloseThrows() {
        Contract contract = Contract.parse(WORKDAYS);
        contract.close();
        contract.close();
        assertTrue(contract.isClosed());
        assertThrows(OpsLedgerException.Closed.class, contract::sm3);
        assertThrows(OpsLedgerException.Closed.class, () -> Account.of(contract));
        // The slot is used again, and the old handle is still closed.
        try (Contract next = Contract.parse(Samples.CONTRACT)) {
            assertEquals(64, next.sm3().length());
            assertThrows(OpsLedgerException.Closed.class, contract::sm3);
        }
    }
}

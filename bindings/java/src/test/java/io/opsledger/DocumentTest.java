package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DocumentTest {
    private static final Instant APRIL = Instant.parse("2026-03-31T16:00:00Z");
    private static final String REPORT = "{\"kind\":\"incident.report\",\"subject\":\"I-1\",\"at\":\"2026-03-02T10:00:00+08:00\","
            + "\"body\":{\"severity\":\"critical\",\"affects_use\":true,\"channel\":\"phone\",\"outage\":\"O-1\"}}\n";

    private Account account;

    @BeforeEach
    void open() {
        try (Contract contract = Contract.parse(Samples.CONTRACT)) {
            account = Account.of(contract);
        }
        account.add(Samples.OUTAGE + REPORT);
    }

    @AfterEach
    void close() {
        account.close();
    }

    @Test
    void theMonthlyReportInItsUsualForms() {
        String wanted = "{\"month\":\"2026-03\",\"known_at\":\"2026-04-02T00:00:00Z\"}";
        List<Document> files = account.documents("monthly", wanted);
        assertEquals(3, files.size());
        String[] endings = {".docx", ".xlsx", ".html"};
        String[] types = {"wordprocessingml", "spreadsheetml", "text/html; charset=utf-8"};
        String[] begins = {"PK", "PK", "<!doctype html"};
        for (int i = 0; i < 3; i++) {
            Document file = files.get(i);
            assertTrue(file.name().endsWith(endings[i]), file.name());
            assertTrue(file.mediaType().contains(types[i]), file.mediaType());
            String text = new String(file.bytes(), StandardCharsets.ISO_8859_1);
            assertTrue(text.startsWith(begins[i]), text.substring(0, 20));
            assertEquals(file.name() + " (" + file.bytes().length + " bytes)", file.toString());
        }
        byte[] mine = files.get(0).bytes();
        byte[] before = mine.clone();
        mine[0] = 0;
        assertArrayEquals(before, files.get(0).bytes());
        assertArrayEquals(before, account.documents("monthly", wanted).get(0).bytes());
        assertThrows(UnsupportedOperationException.class, () -> files.remove(0));
    }

    @Test
    void everyOtherKind() {
        for (String kind : new String[] {"incident", "ledger", "roster", "acceptance"}) {
            String subject = kind.equals("incident") ? "\"subject\":\"I-1\"," : "";
            List<Document> files = account.documents(kind, "{" + subject + "\"lang\":\"en\",\"known_at\":\"2026-04-02T00:00:00Z\"}");
            assertTrue(files.size() >= 2, kind);
            for (Document file : files) {
                assertTrue(file.bytes().length > 100 && !file.name().startsWith("/"), file.toString());
            }
        }
    }

    @Test
    void wrongQuestions() {
        fails(OpsLedgerException.Input.class, "bad-request", "weekly", () -> account.documents("weekly", ""));
        fails(OpsLedgerException.Input.class, "bad-request", "", () -> account.documents("incident", ""));
        fails(OpsLedgerException.Input.class, "bad-request", "2026-13", () -> account.documents("monthly", "{\"month\":\"2026-13\"}"));
        fails(OpsLedgerException.Input.class, "bad-request", "pdf", () -> account.documents("monthly", "{\"formats\":[\"pdf\"]}"));
        fails(OpsLedgerException.NotFound.class, "not-found", "I-9", () -> account.documents("incident", "{\"subject\":\"I-9\"}"));
        account.close();
        assertThrows(OpsLedgerException.Closed.class, () -> account.documents("monthly", ""));
    }

    @Test
    void answersInJson() {
        assertTrue(Samples.json(account.register("incidents")).toString().contains("I-1"));
        assertTrue(Samples.json(account.explain("downtime")).toString().contains("O-1"));
        assertTrue(Samples.json(account.due()).size() > 0);
        assertTrue(Samples.json(account.due(Duration.ofDays(30), APRIL, APRIL, View.CLAIMED)).toString().contains("claimed"));
        fails(OpsLedgerException.NotFound.class, "not-found", "moods", () -> account.register("moods"));
        fails(OpsLedgerException.NotFound.class, "not-found", "none", () -> account.explain("none"));
        fails(OpsLedgerException.NotFound.class, "not-found", "O-9", () -> account.explain("downtime", "O-9", APRIL, APRIL, View.AGREED));
        fails(OpsLedgerException.Input.class, "out-of-range", "", () -> account.due(Duration.ofSeconds(-1), APRIL, APRIL, View.AGREED));
    }
}

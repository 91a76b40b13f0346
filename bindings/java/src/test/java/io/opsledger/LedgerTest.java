package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    @TempDir Path folder;

    private Ledger create() {
        return Ledger.open(folder.resolve("books"), new Ledger.Options().create().waitLimit(Duration.ofSeconds(20)));
    }

    private static String note(String key, int n) {
        return "{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"key\":\"" + key + "\",\"body\":{\"n\":" + n + "}}";
    }

    @Test
    void factsAreRecordedOnceAndInOrder() {
        try (Ledger ledger = create()) {
            assertEquals(0, ledger.head().seq);
            assertArrayEquals(new long[] {1, 2}, ledger.append(Samples.OUTAGE));
            assertArrayEquals(new long[] {3}, ledger.append(note("k", 1)));
            assertArrayEquals(new long[] {3, 4}, ledger.append("\n" + note("k", 1) + "\n\n" + note("条", 1) + "\n"));
            Ledger.Head head = ledger.head();
            assertEquals(4, head.seq);
            assertEquals(64, head.sm3.length());
            List<String> lines = Arrays.asList(ledger.read(1, 100).split("\n"));
            assertEquals(4, lines.size());
            assertEquals(head.sm3, Samples.json(lines.get(3)).get("hash").getAsString());
            assertEquals("条", Samples.json(lines.get(3)).getAsJsonObject("fact").get("key").getAsString());
            assertEquals("", ledger.read(5, 1));
            assertEquals("{\"columns\":[\"n\"],\"rows\":[[4]]}", ledger.sql("select count(*) as n from entry"));
            Ledger.Verdict verdict = ledger.verify();
            assertTrue(verdict.ok());
            assertEquals(4, verdict.entries);
            assertNull(verdict.problem);
        }
        try (Ledger again = Ledger.open(folder.resolve("books"), new Ledger.Options().readOnly())) {
            assertEquals(4, again.head().seq);
            fails(OpsLedgerException.Io.class, "read-only-file", "books", () -> again.append(note("new", 1)));
        }
    }

    @Test
    void badFactsRecordNothingAndNameTheLine() {
        try (Ledger ledger = create()) {
            ledger.append(Samples.OUTAGE + note("k", 1));
            String first = note("other", 1) + "\n\n";
            OpsLedgerException conflict = fails(
                    OpsLedgerException.Conflict.class, "key-conflict", "k", () -> ledger.append(first + note("k", 2)));
            assertEquals(OptionalLong.of(3), conflict.row());
            fails(OpsLedgerException.Refused.class, "second-start", "O-1", () -> ledger.append(first + Samples.OUTAGE));
            fails(OpsLedgerException.Input.class, "unknown-kind", "x", () -> ledger.append(first + "{\"kind\":\"x\",\"at\":\"2026-03-04T08:00:00Z\"}"));
            fails(OpsLedgerException.Refused.class, "not-read-only", "", () -> ledger.sql("drop table entry"));
            fails(OpsLedgerException.Input.class, "out-of-range", "-1", () -> ledger.read(-1, 1));
            assertEquals(3, ledger.head().seq);
            assertArrayEquals(new long[] {4}, ledger.append(first));
        }
    }

    @Test
    void filesThatAreNone() throws IOException {
        Path text = folder.resolve("text");
        Files.write(text, Collections.singleton("no ledger"));
        fails(OpsLedgerException.Refused.class, "not-a-ledger", "text", () -> Ledger.open(text));
        fails(OpsLedgerException.NotFound.class, "not-found", "none", () -> Ledger.open(folder.resolve("none")));
        assertFalse(Files.exists(folder.resolve("none")));
    }

    @Test
    void damageIsFound() throws IOException {
        try (Ledger ledger = create()) {
            ledger.append(Samples.OUTAGE + note("a", 1));
        }
        byte[] bytes = Files.readAllBytes(folder.resolve("books"));
        byte[] portal = "\"portal\"".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        int at = IntStream.range(0, bytes.length - portal.length)
                .filter(i -> Arrays.equals(Arrays.copyOfRange(bytes, i, i + portal.length), portal))
                .findFirst()
                .getAsInt();
        bytes[at + 1] = 'P';
        Files.write(folder.resolve("books"), bytes);
        try (Ledger ledger = Ledger.open(folder.resolve("books"))) {
            Ledger.Verdict verdict = ledger.verify();
            assertFalse(verdict.ok());
            assertEquals(OptionalLong.of(1), verdict.firstBad);
            assertEquals("fact-changed", verdict.problem);
            assertFalse(verdict.detail.isEmpty());
        }
    }

    @Test
    void progressIsToldAndMayStop() {
        try (Ledger ledger = create()) {
            ledger.append(Samples.OUTAGE);
            long[] last = new long[2];
            Ledger.Verdict verdict = ledger.verify((done, total) -> {
                last[0] = done;
                last[1] = total;
                return true;
            });
            assertTrue(verdict.ok());
            assertEquals(last[1], last[0]);
            fails(OpsLedgerException.Cancelled.class, "cancelled", "", () -> ledger.verify((done, total) -> false));
            // An exception of the caller's comes through as it is.
            IllegalStateException ours = new IllegalStateException("stop");
            assertSame(ours, assertThrows(IllegalStateException.class, () -> ledger.verify((done, total) -> {
                throw ours;
            })));
            assertSame(ours, assertThrows(IllegalStateException.class, () -> ledger.snapshot(folder.resolve("copy"), (done, total) -> {
                throw ours;
            })));
            assertFalse(Files.exists(folder.resolve("copy")));
            ledger.snapshot(folder.resolve("copy"), null);
            fails(OpsLedgerException.Refused.class, "ledger-exists", "copy", () -> ledger.snapshot(folder.resolve("copy"), null));
        }
    }

    @Test
    void csvIsImportedOnce() throws IOException {
        Path csv = folder.resolve("outages.csv");
        Files.write(csv, Arrays.asList("kind,subject,at,body.system", "outage.start,O-7,2026-03-09 08:00,portal"));
        try (Ledger ledger = create()) {
            fails(OpsLedgerException.Input.class, "naive-time", "2026-03-09 08:00", () -> ledger.importCsv(csv, "", null));
            String options = "{\"zone\":\"Asia/Shanghai\"}";
            assertEquals("{\"seqs\":[1],\"new\":1,\"faults\":[]}", ledger.importCsv(csv, options, null));
            assertEquals("{\"seqs\":[1],\"new\":0,\"faults\":[]}", ledger.importCsv(csv, options, (done, total) -> true));
            fails(OpsLedgerException.Input.class, "bad-request", "zon", () -> ledger.importCsv(csv, "{\"zon\":1}", null));
        }
    }

    @Test
    void useAfterCloseThrows() {
        Ledger ledger = create();
        ledger.close();
        ledger.close();
        assertThrows(OpsLedgerException.Closed.class, ledger::head);
        assertThrows(OpsLedgerException.Closed.class, () -> ledger.append(Samples.OUTAGE));
        assertThrows(OpsLedgerException.Closed.class, () -> ledger.verify((done, total) -> true));
        assertThrows(OpsLedgerException.Closed.class, () -> Account.open(ledger));
    }

    /** Threads append through one handle while another opens and closes its own, and one closes what others use. */
    @Test
    void threadsShareALedger() throws Exception {
        int threads = 4;
        int each = 50;
        ExecutorService pool = Executors.newFixedThreadPool(threads + 1);
        try (Ledger ledger = create()) {
            List<Future<long[]>> results = IntStream.range(0, threads)
                    .mapToObj(t -> pool.submit(() -> IntStream.range(0, each)
                            .mapToLong(i -> ledger.append(note(t + "-" + i, i))[0])
                            .toArray()))
                    .collect(Collectors.toList());
            Future<?> opener = pool.submit(() -> {
                for (int i = 0; i < 20; i++) {
                    try (Ledger own = Ledger.open(folder.resolve("books"))) {
                        own.head();
                    }
                }
            });
            TreeSet<Long> seqs = new TreeSet<>();
            for (Future<long[]> result : results) {
                Arrays.stream(result.get()).forEach(seqs::add);
            }
            opener.get();
            assertEquals(threads * each, seqs.size());
            assertEquals(threads * each, ledger.head().seq);
            assertTrue(ledger.verify().ok());
        }
        Ledger shared = Ledger.open(folder.resolve("books"));
        List<Future<Integer>> users = IntStream.range(0, threads)
                .mapToObj(t -> pool.submit(() -> {
                    int calls = 0;
                    try {
                        while (true) {
                            shared.head();
                            calls++;
                        }
                    } catch (OpsLedgerException.Closed e) {
                        return calls;
                    }
                }))
                .collect(Collectors.toList());
        Thread.sleep(50);
        shared.close();
        for (Future<Integer> user : users) {
            assertTrue(user.get() >= 0);
        }
        pool.shutdown();
    }
}

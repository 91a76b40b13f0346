package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
    @TempDir Path folder;

    private Path set;

    @BeforeEach
    void make() throws IOException {
        set = folder.resolve("备份 2026-03-02");
        Files.createDirectories(set.resolve("库"));
        Files.write(set.resolve("库/a.bin"), new byte[300_000]);
        Files.write(set.resolve("b.txt"), "一\n".getBytes(StandardCharsets.UTF_8));
    }

    private String options(String more) {
        return "{\"path\":\"" + set + "\"" + more + "}";
    }

    private Ledger create() {
        return Ledger.open(folder.resolve("l"), new Ledger.Options().create());
    }

    private void damage(String name, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(set.resolve(name));
        bytes[at] ^= 1;
        Files.write(set.resolve(name), bytes);
    }

    @Test
    void aDamagedByteIsFoundAndRecorded() throws IOException {
        try (Ledger ledger = create()) {
            List<Long> done = new ArrayList<>();
            Progress progress = (at, total) -> done.add(at);
            JsonObject sealed = Samples.json(Backup.seal(ledger, options(",\"set\":\"platform-db\""), progress));
            assertEquals("pass", sealed.get("verdict").getAsString());
            assertTrue(!done.isEmpty());
            assertEquals("pass-with-remarks", Samples.json(Backup.verify(ledger, options(""), null)).get("verdict").getAsString());
            damage("data/库/a.bin", 77_777);
            String text = Backup.verify(ledger, options(""), progress);
            JsonObject found = Samples.json(text);
            assertTrue(text.endsWith("}\n"));
            assertEquals("fail", found.get("verdict").getAsString());
            List<String> failed = new ArrayList<>();
            for (JsonElement problem : found.getAsJsonArray("problems")) {
                JsonObject one = problem.getAsJsonObject();
                if (one.get("weight").getAsString().equals("fail")) {
                    failed.add(one.get("kind").getAsString() + " " + one.get("path").getAsString());
                }
            }
            assertEquals("[checksum-mismatch data/库/a.bin]", failed.toString());
            assertEquals(3, ledger.head().seq);
            JsonObject fact = Samples.json(ledger.read(3, 1)).getAsJsonObject("fact");
            assertEquals("backup.verify", fact.get("kind").getAsString());
            assertEquals(set.getFileName().toString(), fact.get("subject").getAsString());
            assertEquals("fail", fact.getAsJsonObject("body").get("verdict").getAsString());
            assertTrue(ledger.verify().ok());
        }
    }

    @Test
    void whatIsWrongIsNamedAndNothingIsRecorded() {
        try (Ledger ledger = create()) {
            Backup.seal(null, options(""), null);
            fails(OpsLedgerException.Input.class, "unknown-word", "check", () -> Backup.run(ledger, "check", "", null));
            fails(OpsLedgerException.Input.class, "bad-request", "paht", () -> Backup.verify(ledger, "{\"paht\":1}", null));
            fails(OpsLedgerException.Input.class, "bad-request", "io_limit", () -> Backup.verify(ledger, options(",\"io_limit\":\"fast\""), null));
            fails(OpsLedgerException.NotFound.class, "not-found", "nowhere", () -> Backup.verify(ledger, "{\"path\":\"/nowhere\"}", null));
            assertThrows(OpsLedgerException.Cancelled.class, () -> Backup.verify(ledger, options(""), (done, total) -> false));
            IllegalStateException own = assertThrows(IllegalStateException.class, () -> Backup.verify(ledger, options(""), (done, total) -> {
                throw new IllegalStateException("enough");
            }));
            assertEquals("enough", own.getMessage());
            assertEquals(0, ledger.head().seq);
        }
        Ledger closed = create();
        closed.close();
        assertThrows(OpsLedgerException.Closed.class, () -> Backup.verify(closed, options(""), null));
    }
}

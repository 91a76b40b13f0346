package io.opsledger;

import static io.opsledger.Samples.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpsLedgerTest {
    @Test
    void versionsAreThoseOfTheWorkspace() throws IOException {
        String cargo = Samples.file(Samples.ROOT.resolve("Cargo.toml"));
        assertTrue(cargo.contains("\nversion = \"" + Loader.version() + "\"\n"), Loader.version());
        assertEquals(Loader.version(), OpsLedger.version());
        assertEquals(Loader.ABI, OpsLedger.abiVersion());
        assertTrue(OpsLedger.features().contains("jni"));
    }

    @Test
    void instantsAreReadAndWrittenExactly() {
        Instant at = OpsLedger.parseTime("2026-03-02T08:10:00.000001+08:00");
        assertEquals(Instant.parse("2026-03-02T00:10:00.000001Z"), at);
        assertEquals("2026-03-02T00:10:00.000001Z", OpsLedger.formatTime(at, ""));
        assertEquals("2026-03-02T08:10:00.000001+08:00", OpsLedger.formatTime(at, "Asia/Shanghai"));
        Instant early = Instant.parse("1901-01-01T00:00:00.999999Z");
        assertEquals(early, OpsLedger.instant(OpsLedger.micros(early)));
        assertThrows(IllegalArgumentException.class, () -> OpsLedger.micros(Instant.parse("2026-03-02T00:10:00.000000001Z")));
        fails(OpsLedgerException.Input.class, "naive-time", "2026-03-02T08:10:00", () -> OpsLedger.parseTime("2026-03-02T08:10:00"));
        fails(OpsLedgerException.Input.class, "bad-zone", "Asia/Peking", () -> OpsLedger.formatTime(at, "Asia/Peking"));
        assertThrows(NullPointerException.class, () -> OpsLedger.parseTime(null));
    }

    @Test
    void textWithoutUtf8IsRefused() {
        for (String half : new String[] {"\ud83d", "a\udc00b", "x\ud83dy"}) {
            int place = half.indexOf(half.chars().filter(c -> Character.isSurrogate((char) c)).findFirst().getAsInt());
            fails(OpsLedgerException.Input.class, "bad-utf8", "byte " + place, () -> OpsLedger.parseTime(half));
        }
        // A whole pair, a NUL and a letter of three bytes are text like any other.
        OpsLedgerException error = assertThrows(OpsLedgerException.Input.class, () -> OpsLedger.parseTime("\ud83d\ude00条"));
        assertEquals("bad-time", error.code());
        assertTrue(error.getMessage().contains("\ud83d\ude00条"), error.getMessage());
    }

    @Test
    void everyCodeHasItsClassOfException() {
        Map<Integer, Class<?>> classes = new HashMap<>();
        for (String line : Native.codes().split("\n")) {
            String[] row = line.split("\t");
            int status = Integer.parseInt(row[0]);
            OpsLedgerException error = OpsLedgerException.of(status, row[1], "en", "zh", OpsLedger.ABSENT);
            assertTrue(error.getClass() != OpsLedgerException.class, line);
            Class<?> former = classes.putIfAbsent(status & 0xff, error.getClass());
            assertTrue(former == null || former == error.getClass(), line);
            assertEquals(row[1], error.code());
            assertTrue(!error.row().isPresent());
        }
        assertEquals(14, classes.size());
        assertEquals(14, classes.values().stream().distinct().count());
        assertSame(OpsLedgerException.Input.class, classes.get(1));
        assertSame(OpsLedgerException.Internal.class, classes.get(14));
    }

    @Test
    void classesAreJava8() throws IOException {
        try (Stream<Path> files = Files.walk(Paths.get("target/classes/io/opsledger"))) {
            List<Path> classes = files.filter(f -> f.toString().endsWith(".class")).collect(Collectors.toList());
            assertTrue(classes.size() > 10);
            for (Path file : classes) {
                try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
                    assertEquals(0xcafebabe, in.readInt());
                    in.readUnsignedShort();
                    assertEquals(52, in.readUnsignedShort(), file.toString());
                }
            }
        }
    }
}

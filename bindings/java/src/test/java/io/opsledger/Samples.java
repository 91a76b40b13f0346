package io.opsledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.junit.jupiter.api.function.Executable;

/** What several tests use. */
final class Samples {
    static final Path ROOT = Paths.get(System.getProperty("opsledger.root", "../..")).toAbsolutePath().normalize();

    static final String CONTRACT = "format = 1\nid = \"c\"\ntitle = \"t\"\ntimezone = \"Asia/Shanghai\"\n"
            + "period = { start = \"2026-01-01\", end = \"2026-12-31\" }\n"
            + "[accounting]\nassume_watched = true\n"
            + "[[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 2\n"
            + "[[clause]]\nid = \"downtime\"\nrule = \"downtime\"\nmax = \"10h\"\n";

    static final String OUTAGE = "{\"kind\":\"outage.start\",\"subject\":\"O-1\",\"at\":\"2026-03-02T08:00:00+08:00\","
            + "\"body\":{\"system\":\"portal\"}}\n"
            + "{\"kind\":\"outage.end\",\"subject\":\"O-1\",\"at\":\"2026-03-02T10:00:00+08:00\"}\n";

    private Samples() {}

    static String file(Path path) throws IOException {
        return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
    }

    static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    /** The call throws this class of error with this name, and both messages hold these words. */
    static <E extends OpsLedgerException> E fails(Class<E> kind, String code, String words, Executable call) {
        E error = assertThrows(kind, call);
        assertEquals(code, error.code(), error.getMessage());
        assertTrue(error.getMessage().contains(words), error.getMessage());
        assertTrue(error.chinese().contains(words), error.chinese());
        return error;
    }
}

import io.opsledger.Backup;
import io.opsledger.Ledger;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;

/** Prints the report of an operation: OPERATION JSON [LEDGER]. */
public final class BackupRunner {
    private BackupRunner() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        try (Ledger ledger = arguments.length > 2 ? Ledger.open(Paths.get(arguments[2])) : null) {
            out.write(Backup.run(ledger, arguments[0], arguments[1], null).getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }
}

import io.opsledger.Ledger;
import java.nio.file.Paths;

/**
 * One writer of the many-writers proof: appends keys NAME-FIRST, NAME-(FIRST+1), … until DEADLINE, and reads what it wrote.
 *
 * <pre>ConcurrentWriter LEDGER NAME FIRST DEADLINE</pre>
 *
 * DEADLINE is in seconds since 1970. For each key that the ledger said is recorded, one line {@code INDEX SEQ} goes to stdout, at
 * once. Anything that does not hold ends it with a message and status 1.
 */
public final class ConcurrentWriter {
    private static final int AGAIN_EVERY = 20;
    private static final int READ_EVERY = 10;

    private ConcurrentWriter() {}

    private static String fact(String name, long index) {
        return "{\"kind\":\"x.note\",\"subject\":\"" + name + "\",\"at\":\"2026-03-02T00:00:00Z\",\"key\":\"" + name + "-" + index
                + "\",\"body\":{\"index\":" + index + "}}";
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            System.err.println(message);
            System.exit(1);
        }
    }

    public static void main(String[] arguments) {
        String name = arguments[1];
        long first = Long.parseLong(arguments[2]);
        double deadline = Double.parseDouble(arguments[3]);
        long lastSeq = 0;
        try (Ledger ledger = Ledger.open(Paths.get(arguments[0]))) {
            for (long index = first; System.currentTimeMillis() / 1e3 < deadline; index++) {
                long seq = ledger.append(fact(name, index))[0];
                // a pipe outlives us: what is written here was said before any kill
                System.out.print(index + " " + seq + "\n");
                System.out.flush();
                require(index == first || seq > lastSeq, name + "-" + index + " got entry " + seq + " after " + lastSeq);
                lastSeq = seq;
                require(index % AGAIN_EVERY != 0 || ledger.append(fact(name, index))[0] == seq, name + "-" + index + " was recorded twice");
                if (index % READ_EVERY == 0) {
                    require(ledger.head().seq >= seq, "the head is before entry " + seq);
                    String entry = ledger.read(seq, 1);
                    require(entry.contains("\"key\":\"" + name + "-" + index + "\""), "entry " + seq + " is not " + name + "-" + index + ": " + entry);
                }
            }
        }
    }
}

import io.opsledger.Ledger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;

/**
 * One writer of the many-writers proof, as tests/cross/writer.py: appends keys NAME-FIRST, NAME-(FIRST+1), … until DEADLINE
 * (seconds since 1970), and reads what it wrote. For each key that the ledger said is recorded, one line "INDEX SEQ" goes to
 * stdout, at once. Anything that does not hold ends it with a message and status 1.
 */
public final class ConcurrentWriter {
    private static final int AGAIN_EVERY = 20;
    private static final int READ_EVERY = 10;

    public static void main(String[] args) throws Exception {
        String name = args[1];
        long first = Long.parseLong(args[2]);
        double deadline = Double.parseDouble(args[3]) * 1000;
        // No buffer of ours: one call of write a line, as the pipe outlives us.
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        try (Ledger ledger = Ledger.open(Paths.get(args[0]))) {
            long last = 0;
            for (long index = first; System.currentTimeMillis() < deadline; index++) {
                long seq = append(ledger, name, index);
                out.write((index + " " + seq + "\n").getBytes(StandardCharsets.US_ASCII));
                if (index > first && seq <= last) {
                    fail(name + "-" + index + " got entry " + seq + " after " + last);
                }
                last = seq;
                if (index % AGAIN_EVERY == 0 && append(ledger, name, index) != seq) {
                    fail(name + "-" + index + " was recorded twice");
                }
                if (index % READ_EVERY == 0) {
                    check(ledger, name, index, seq);
                }
            }
        }
    }

    private static long append(Ledger ledger, String name, long index) {
        String fact = "{\"kind\":\"x.note\",\"subject\":\"" + name + "\",\"at\":\"2026-03-02T00:00:00Z\",\"key\":\""
                + name + "-" + index + "\",\"body\":{\"index\":" + index + "}}";
        long[] seqs = ledger.append(fact);
        if (seqs.length != 1) {
            fail(seqs.length + " entries for one fact");
        }
        return seqs[0];
    }

    private static void check(Ledger ledger, String name, long index, long seq) {
        if (ledger.head().seq < seq) {
            fail("the head is before entry " + seq);
        }
        String entry = ledger.read(seq, 1);
        if (!entry.contains("\"key\":\"" + name + "-" + index + "\"")) {
            fail("entry " + seq + " is not " + name + "-" + index + ": " + entry);
        }
    }

    private static void fail(String what) {
        System.err.println(what);
        System.exit(1);
    }
}

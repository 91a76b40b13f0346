package io.opsledger;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Answers the requests of tests/cross/cases.py. */
public final class CaseDriver {
    private Contract contract;
    private Account account;
    private final Ledger ledger;

    private CaseDriver(String ledger) {
        this.ledger = Ledger.open(Paths.get(ledger), new Ledger.Options().create());
    }

    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        OutputStream out = new BufferedOutputStream(System.out);
        CaseDriver driver = new CaseDriver(arguments[0]);
        for (String line = line(in); line != null; line = line(in)) {
            String[] words = line.split(" ");
            byte[] payload = new byte[words.length == 2 ? Integer.parseInt(words[1]) : 0];
            in.readFully(payload);
            String status = "ok";
            String answer;
            try {
                answer = driver.answer(words, payload);
            } catch (OpsLedgerException e) {
                status = "error";
                answer = e.status() + " " + e.getMessage();
            }
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            out.write((status + " " + bytes.length + "\n").getBytes(StandardCharsets.US_ASCII));
            out.write(bytes);
            out.flush();
        }
    }

    private static String line(DataInputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return line.toString();
            }
            line.append((char) c);
        }
        return null;
    }

    private String answer(String[] words, byte[] payload) {
        switch (words[0]) {
            case "contract":
                if (contract != null) {
                    contract.close();
                }
                contract = Contract.parse(payload);
                return "";
            case "facts":
                if (account != null) {
                    account.close();
                }
                account = Account.of(contract);
                account.add(new String(payload, StandardCharsets.UTF_8));
                return "";
            case "append":
                long[] seqs = ledger.append(payload);
                String entry = ledger.read(seqs[seqs.length - 1], 1);
                return entry.substring(entry.indexOf(",\"fact\":") + 8, entry.length() - 2);
            case "assess":
                return account.assess(instant(words[1]), instant(words[2]), view(words[3]), 0);
            case "budget":
                return figures(account.budget(instant(words[1]), instant(words[2]), view(words[3])));
            case "between":
                return micros(contract.between(words[1], instant(words[2]), instant(words[3])));
            case "add":
                Duration amount = Duration.of(Long.parseLong(words[3]), ChronoUnit.MICROS);
                return "" + OpsLedger.micros(contract.add(words[1], instant(words[2]), amount));
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static Instant instant(String text) {
        return OpsLedger.parseTime(text);
    }

    private static View view(String text) {
        return View.valueOf(text.toUpperCase(java.util.Locale.ROOT));
    }

    private static String micros(Duration duration) {
        return "" + OpsLedger.micros(Instant.EPOCH.plus(duration));
    }

    private static String figures(Budget b) {
        StringBuilder text = new StringBuilder();
        text.append("as_of ").append(OpsLedger.micros(b.asOf()));
        text.append("\nknown_at ").append(OpsLedger.micros(b.knownAt()));
        text.append("\nstatus ").append(b.status().ordinal()).append('\n');
        b.longCount().ifPresent(n -> text.append("long_count ").append(n).append('\n'));
        b.longMax().ifPresent(n -> text.append("long_max ").append(n).append('\n'));
        b.shortCount().ifPresent(n -> text.append("short_count ").append(n).append('\n'));
        b.shortMax().ifPresent(n -> text.append("short_max ").append(n).append('\n'));
        b.pendingCount().ifPresent(n -> text.append("pending_count ").append(n).append('\n'));
        b.downtime().ifPresent(d -> text.append("downtime_us ").append(micros(d)).append('\n'));
        b.downtimeMax().ifPresent(d -> text.append("downtime_max_us ").append(micros(d)).append('\n'));
        b.remaining().ifPresent(d -> text.append("remaining_us ").append(micros(d)).append('\n'));
        b.nextBreachAt().ifPresent(i -> text.append("next_breach_at ").append(OpsLedger.micros(i)).append('\n'));
        b.headSeq().ifPresent(n -> text.append("head_seq ").append(n).append('\n'));
        return text.toString();
    }
}

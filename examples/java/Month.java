import io.opsledger.Account;
import io.opsledger.Budget;
import io.opsledger.Contract;
import io.opsledger.Ledger;
import io.opsledger.OpsLedger;
import io.opsledger.View;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A month of a contract: read it, record the month's facts in a ledger, and print how the contract stands at the month's end.
 *
 * <pre>java -cp opsledger.jar Month.java ../month month.ledger</pre>
 */
public final class Month {
    private Month() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: Month FOLDER LEDGER");
            System.exit(2);
        }
        Path folder = Paths.get(arguments[0]);
        String facts = new String(Files.readAllBytes(folder.resolve("facts.jsonl")), StandardCharsets.UTF_8);
        Instant asOf = OpsLedger.parseTime("2026-04-01T00:00:00+08:00");
        try (Contract contract = Contract.parse(Files.readAllBytes(folder.resolve("contract.toml")));
                Account account = Account.of(contract)) {
            // The figures of the month as it was known at its end.
            account.add(facts);
            print(account.budget(asOf, asOf, View.AGREED));
            record(Paths.get(arguments[1]), facts);
            System.out.println();
            printClauses(account.assess(asOf, asOf, View.AGREED, 0));
        }
    }

    private static void print(Budget budget) {
        line("as of:", instant(Optional.of(budget.asOf())));
        line("status:", budget.status().toString());
        line("long outages:", count(budget.longCount()) + " of " + count(budget.longMax()));
        line("short outages:", count(budget.shortCount()) + " of " + count(budget.shortMax()));
        line("downtime:", duration(budget.downtime()) + " of " + duration(budget.downtimeMax()));
        line("remaining:", duration(budget.remaining()));
        line("next breach:", instant(budget.nextBreachAt()));
    }

    /** Facts that were typed in today are known from today on: the ledger proves that, and keeps them for good. */
    private static void record(Path path, String facts) {
        try (Ledger ledger = Ledger.open(path, new Ledger.Options().create())) {
            ledger.append(facts);
            line("ledger:", ledger.head().seq + " entries, " + (ledger.verify().ok() ? "sound" : "broken"));
        }
    }

    /** Id and status of each clause. A host has a JSON library for the document; this example only looks for two keys. */
    private static void printClauses(String document) {
        int start = document.indexOf("\"clauses\":[");
        int end = document.indexOf("\"outages\":{\"episodes\"");
        Matcher clause = Pattern.compile("\\{\"id\":\"([^\"]*)\".*?\"status\":\"([^\"]*)\"").matcher(document);
        clause.region(start, end);
        while (clause.find()) {
            System.out.printf("%-26s %s%n", clause.group(1), clause.group(2));
        }
    }

    private static void line(String name, String value) {
        System.out.printf("%-15s %s%n", name, value);
    }

    private static String instant(Optional<Instant> at) {
        return at.map(value -> OpsLedger.formatTime(value, "Asia/Shanghai")).orElse("none");
    }

    private static String count(OptionalLong value) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : "none";
    }

    private static String duration(Optional<Duration> value) {
        if (!value.isPresent()) {
            return "none";
        }
        long s = value.get().getSeconds();
        return String.format("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}

import io.opsledger.Account;
import io.opsledger.Contract;
import io.opsledger.Document;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** CONTRACT FACTS KIND JSON FOLDER: writes the document's files into the folder, as tests/c/documents.c does. */
public final class DocumentWriter {
    public static void main(String[] args) throws Exception {
        try (Contract contract = Contract.parse(text(args[0]));
                Account account = Account.of(contract)) {
            account.add(text(args[1]));
            for (Document file : account.documents(args[2], args[3])) {
                Path to = Paths.get(args[4], file.name());
                Files.createDirectories(to.getParent());
                Files.write(to, file.bytes());
            }
        }
    }

    private static String text(String path) throws Exception {
        return new String(Files.readAllBytes(Paths.get(path)), StandardCharsets.UTF_8);
    }
}

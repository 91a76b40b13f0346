package io.opsledger;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The functions of the shared library. Text crosses as UTF-8 bytes, handles as numbers that stay closed for ever. */
final class Native {
    static {
        Loader.load();
    }

    private Native() {}

    static native int abiVersion();

    static native String version();

    static native String features();

    static native String codes();

    static native long timeParse(byte[] text);

    static native byte[] timeFormat(long us, byte[] zone);

    static native long contractParse(byte[] toml);

    static native byte[] contractSm3(long contract);

    static native long[] calendarBetween(long contract, byte[] id, long[] start, long[] end);

    static native long[] calendarAdd(long contract, byte[] id, long[] start, long[] add);

    static native void contractFree(long contract);

    static native long ledgerOpen(
            byte[] path, boolean create, boolean readOnly, int durability, boolean acceptClock, long waitLimitUs);

    static native long[] ledgerAppend(long ledger, byte[] jsonl);

    static native byte[] ledgerHead(long ledger, long[] numbers);

    static native byte[] ledgerRead(long ledger, long from, long limit);

    static native byte[] ledgerSql(long ledger, byte[] query);

    static native byte[] ledgerImport(long ledger, byte[] kind, byte[] path, byte[] json, Progress progress);

    static native byte[] ledgerVerify(long ledger, Progress progress, long[] numbers);

    static native void ledgerSnapshot(long ledger, byte[] path, Progress progress);

    static native void ledgerFree(long ledger);

    static native long accountOpen(long contract, long ledger);

    static native void accountAdd(long account, byte[] jsonl);

    static native void accountBudget(long account, long asOf, long knownAt, int view, long[] figures);

    static native byte[] accountAssess(long account, long asOf, long knownAt, long head, int view);

    static native byte[] accountReport(long account, byte[] json);

    static native byte[] accountRegister(long account, byte[] name, long asOf, long knownAt, int view);

    static native byte[] accountExplain(
            long account, byte[] clause, byte[] caseName, long asOf, long knownAt, int view);

    static native byte[] accountDue(long account, long asOf, long knownAt, long within, int view);

    static native byte[][] accountDocuments(long account, byte[] kind, byte[] json);

    static native void accountFree(long account);

    static native byte[] backupRun(long ledger, byte[] operation, byte[] json, Progress progress);

    /** Called by the library to make what it throws. */
    static Throwable error(int status, String code, String en, String zh, long row) {
        return OpsLedgerException.of(status, code, en, zh, row);
    }

    /** UTF-8. Half a surrogate pair has none; its bytes are such that the library answers {@code bad-utf8}. */
    static byte[] utf8(CharSequence text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] array = new byte[bytes.remaining()];
            bytes.get(array);
            return array;
        } catch (CharacterCodingException e) {
            return brokenUtf8(text);
        }
    }

    private static byte[] brokenUtf8(CharSequence text) {
        int end = 0;
        while (end < text.length()) {
            char c = text.charAt(end);
            boolean pair = Character.isHighSurrogate(c)
                    && end + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(end + 1));
            if (Character.isSurrogate(c) && !pair) {
                break;
            }
            end += pair ? 2 : 1;
        }
        byte[] sound = text.subSequence(0, end).toString().getBytes(StandardCharsets.UTF_8);
        byte[] array = java.util.Arrays.copyOf(sound, sound.length + 1);
        array[sound.length] = (byte) 0xff;
        return array;
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}

package io.opsledger;

import java.util.OptionalLong;

/** What went wrong. The subclass says what can be done about it, {@link #code()} exactly what it is. */
public class OpsLedgerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String chinese;
    private final long row;

    OpsLedgerException(int status, String code, String en, String zh, long row) {
        super(en);
        this.status = status;
        this.code = code;
        this.chinese = zh;
        this.row = row;
    }

    /** The number that C calls opsl_status: category in the low byte, detail above it. */
    public int status() {
        return status;
    }

    /** The stable name, such as {@code naive-time}. */
    public String code() {
        return code;
    }

    /** The message in Chinese; {@link #getMessage()} is English. */
    public String chinese() {
        return chinese;
    }

    /** The line, row or position in a batch that is wrong, from 1. */
    public OptionalLong row() {
        return row == OpsLedger.ABSENT ? OptionalLong.empty() : OptionalLong.of(row);
    }

    static OpsLedgerException of(int status, String code, String en, String zh, long row) {
        switch (status & 0xff) {
            case 1: return new Input(status, code, en, zh, row);
            case 2: return new Refused(status, code, en, zh, row);
            case 3: return new Conflict(status, code, en, zh, row);
            case 4: return new NotFound(status, code, en, zh, row);
            case 5: return new Busy(status, code, en, zh, row);
            case 6: return new Io(status, code, en, zh, row);
            case 7: return new Corrupt(status, code, en, zh, row);
            case 8: return new Version(status, code, en, zh, row);
            case 9: return new Unsupported(status, code, en, zh, row);
            case 10: return new Closed(status, code, en, zh, row);
            case 11: return new Forked(status, code, en, zh, row);
            case 12: return new Disturbed(status, code, en, zh, row);
            case 13: return new Cancelled(status, code, en, zh, row);
            case 14: return new Internal(status, code, en, zh, row);
            default: return new OpsLedgerException(status, code, en, zh, row);
        }
    }

    /** The caller's data are wrong. */
    public static final class Input extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Input(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The data contradict what is recorded, or a safety rule forbids the call. */
    public static final class Refused extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Refused(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The same key was recorded with another fact. */
    public static final class Conflict extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Conflict(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** No such thing. */
    public static final class NotFound extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        NotFound(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** Another writer held the ledger longer than the wait limit. */
    public static final class Busy extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Busy(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The operating system refused. */
    public static final class Io extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Io(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The file's content is damaged or forged. */
    public static final class Corrupt extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Corrupt(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** Made by a newer version. */
    public static final class Version extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Version(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** Not in this build, or not built yet. */
    public static final class Unsupported extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Unsupported(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The handle was closed. */
    public static final class Closed extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Closed(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The handle belongs to the parent process. */
    public static final class Forked extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Forked(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The file was replaced under us; what is recorded was looked up again. */
    public static final class Disturbed extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Disturbed(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** The caller's progress said stop. */
    public static final class Cancelled extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Cancelled(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }

    /** A bug of the library. */
    public static final class Internal extends OpsLedgerException {
        private static final long serialVersionUID = 1;

        Internal(int status, String code, String en, String zh, long row) {
            super(status, code, en, zh, row);
        }
    }
}

package io.opsledger;

/** Told how far a long call has come, in the thread that made it. */
@FunctionalInterface
public interface Progress {
    /**
     * @param done how much is done
     * @param total of how much
     * @return false to cancel; the call then throws {@link OpsLedgerException.Cancelled}
     */
    boolean update(long done, long total);
}

package io.opsledger;

import java.util.concurrent.atomic.AtomicBoolean;

/** A number for something of the library's. Once closed it is never anything else's, so a late call throws. */
abstract class Handle implements AutoCloseable {
    private final long number;
    private final AtomicBoolean closed = new AtomicBoolean();

    Handle(long number) {
        this.number = number;
    }

    /** The number; what it stands for may be closed, then the library throws. */
    final long number() {
        return number;
    }

    abstract void free(long number);

    /** True once closed. */
    public final boolean isClosed() {
        return closed.get();
    }

    /**
     * Lets it go; a second time does nothing. A call of another thread that is under way ends as if it came before; one that
     * comes later throws {@link OpsLedgerException.Closed}.
     */
    @Override
    public final void close() {
        if (closed.compareAndSet(false, true)) {
            free(number);
        }
    }
}

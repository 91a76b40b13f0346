"""One writer of the many-writers proof: appends keys NAME-FIRST, NAME-(FIRST+1), … until DEADLINE, and reads what it wrote.

    writer.py LEDGER NAME FIRST DEADLINE

DEADLINE is in seconds since 1970. For each key that the ledger said is recorded, one line `INDEX SEQ` goes to stdout, at once.
Anything that does not hold ends it with a message and status 1.
"""

import os
import sys
import time
from datetime import UTC, datetime

from opsledger import Ledger

AGAIN_EVERY = 20
READ_EVERY = 10


def fact(name: str, index: int) -> dict[str, object]:
    return {
        "kind": "x.note",
        "subject": name,
        "at": datetime(2026, 3, 2, tzinfo=UTC),
        "key": f"{name}-{index}",
        "body": {"index": index},
    }


def main(path: str, name: str, first: int, deadline: float) -> None:
    last_seq = 0
    index = first
    with Ledger.open(path) as ledger:
        while time.time() < deadline:
            (seq,) = ledger.append([fact(name, index)])
            # a pipe outlives us: what is written here was said before any kill
            os.write(1, f"{index} {seq}\n".encode())
            if index > first and seq <= last_seq:
                sys.exit(f"{name}-{index} got entry {seq} after {last_seq}")
            last_seq = seq
            if index % AGAIN_EVERY == 0 and ledger.append([fact(name, index)]) != [seq]:
                sys.exit(f"{name}-{index} was recorded twice")
            if index % READ_EVERY == 0:
                if ledger.head().seq < seq:
                    sys.exit(f"the head is before entry {seq}")
                (record,) = ledger.read(seq, 1)
                if f'"key":"{name}-{index}"' not in record.fact:
                    sys.exit(f"entry {seq} is not {name}-{index}: {record.fact}")
            index += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))

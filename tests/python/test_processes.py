"""Processes that take turns on a ledger large enough for its lookup tables to be written, and merged, by each of them."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opsledger import Ledger

RUN = 8192  # entries that the library writes to its lookup tables at once; it merges eight such runs
BATCH = RUN // 2

CHILD = """
import sys
from opsledger import Ledger
with Ledger.open(sys.argv[1], durability="os") as ledger:
    for line in sys.stdin:
        first, count = map(int, line.split())
        lines = "".join('{"kind":"x.note","subject":"s","at":"2026-03-02T00:00:00Z","key":"k-%d"}\\n' % i for i in range(first, first + count))
        print(*ledger.append(lines), flush=True)
"""


class Process:
    """Another process with the ledger open."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def append(self, first: int, count: int) -> list[int]:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(first, count, file=self.process.stdin, flush=True)
        return [int(word) for word in self.process.stdout.readline().split()]

    def close(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


@pytest.fixture
def processes(ledger_path: Path) -> Iterator[tuple[Process, Process]]:
    Ledger.open(ledger_path, create=True).close()
    both = Process(ledger_path), Process(ledger_path)
    yield both
    for process in both:
        process.close()


def sound(path: Path, entries: int) -> None:
    with Ledger.open(path) as ledger:
        assert ledger.head().seq == entries
        verdict = ledger.verify()
        assert verdict.ok, repr(verdict)


def test_processes_that_take_turns_find_each_other_s_keys(
    processes: tuple[Process, Process], ledger_path: Path
) -> None:
    rounds = 6
    seqs: list[int] = []
    for turn in range(rounds):
        seqs += processes[turn % 2].append(turn * BATCH, BATCH)
    assert seqs == list(range(1, rounds * BATCH + 1))
    # each finds every key, whoever recorded it and whoever wrote the lookup tables
    for process in processes:
        for turn in range(rounds):
            assert process.append(turn * BATCH, BATCH) == seqs[turn * BATCH : (turn + 1) * BATCH]
    sound(ledger_path, rounds * BATCH)


def test_a_process_finds_keys_after_another_merged_the_tables(
    processes: tuple[Process, Process], ledger_path: Path
) -> None:
    busy, idle = processes
    for turn in range(3):
        busy.append(turn * BATCH, BATCH)
    assert idle.append(3 * BATCH, 1) == [3 * BATCH + 1]
    for turn in range(15):
        busy.append((4 + turn) * BATCH, BATCH)
    asked = range(0, 2 * BATCH, 500)
    assert [idle.append(key, 1)[0] for key in asked] == [key + 1 for key in asked]
    sound(ledger_path, 18 * BATCH + 1)


def test_a_process_goes_on_when_another_empties_the_tables(
    processes: tuple[Process, Process], ledger_path: Path
) -> None:
    one, two = processes
    for turn in range(3):
        one.append(turn * BATCH, BATCH)
    assert two.append(0, 1) == [1]
    with sqlite3.connect(ledger_path) as db:
        assert db.execute("update side_run set head = ''").rowcount == 1
    db.close()
    with Ledger.open(ledger_path) as ledger:
        assert ledger.verify().problem == "side-wrong"  # and it empties them
    for process in processes:
        assert process.append(100, 3) == [101, 102, 103]
        process.append(10 * BATCH if process is one else 11 * BATCH, BATCH)
    for process in processes:
        assert process.append(200, 3) == [201, 202, 203]
    sound(ledger_path, 5 * BATCH)

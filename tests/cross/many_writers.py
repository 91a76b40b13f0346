"""Two Python processes and one Java process append to and read one ledger at once; one of each language is killed (-9)
in mid-run and started again.

Shown: each writer got at least 500 keys recorded; every key is there exactly once, at the entry it was told; what a killed
writer was told is there; entries of different writers alternate at least 50 times; the chain is intact, by our verifier and
by the public format alone.

    many_writers.py [SECONDS]        (default: OPSLEDGER_SECONDS, else 30; 300 with OPSLEDGER_SOAK)

Needs the extension in this Python, javac and java, and the jar of bindings/java (OPSLEDGER_JAR names another).
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from opsledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
KEYS_EACH = 500
ALTERNATIONS = 50


class Writer:
    """A process that appends, and what it was told; started again after a kill it goes on with the next key."""

    def __init__(self, name: str, command: list[str], ledger: Path, deadline: float) -> None:
        self.name = name
        self.command = command
        self.ledger = ledger
        self.deadline = deadline
        self.told: dict[int, int] = {}
        self.failures: list[str] = []
        self.kills = 0
        self.start()

    def start(self) -> None:
        first = max(self.told, default=0) + 1
        arguments = [str(self.ledger), self.name, str(first), repr(self.deadline)]
        self.process = subprocess.Popen(
            [*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.listener = threading.Thread(target=self.listen, args=(self.process,))
        self.listener.start()

    def listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                continue  # cut by the kill: half a line tells nothing
            index, seq = map(int, line.split())
            if self.told.setdefault(index, seq) != seq:
                self.failures.append(f"{self.name}-{index} is entry {self.told[index]} and {seq}")

    def kill(self) -> None:
        self.process.kill()
        self.finish(killed=True)
        self.kills += 1

    def finish(self, killed: bool = False) -> None:
        self.listener.join(timeout=60)
        assert self.process.stderr is not None
        words = self.process.stderr.read().strip()
        status = self.process.wait(timeout=60)
        if not killed and status != 0:
            self.failures.append(f"{self.name} ended with status {status}: {words}")


class Checks:
    """Counts what holds and what does not."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def that(self, what: str, holds: bool, detail: str = "") -> None:
        if holds:
            self.passed += 1
            print(f"ok      {what}")
        else:
            self.failed += 1
            print(f"FAILED  {what}  {detail}")


def java_jar() -> Path:
    named = os.environ.get("OPSLEDGER_JAR")
    jars = [Path(named)] if named else sorted((ROOT / "bindings/java/target").glob("opsledger*.jar"))
    jars = [jar for jar in jars if jar.exists() and not jar.stem.endswith(("-sources", "-javadoc", "-tests"))]
    if len(jars) != 1:
        sys.exit(f"one jar is needed, found {[str(jar) for jar in jars]}: run `make build` first")
    return jars[0]


def java_command(build: Path) -> list[str]:
    """Compiles the Java writer against the jar; the command that runs it."""
    jar = java_jar()
    source = ROOT / "tests/cross/java/ConcurrentWriter.java"
    subprocess.run(["javac", "--release", "8", "-Xlint:-options", "-cp", str(jar), "-d", str(build), str(source)], check=True)
    return ["java", "-Xmx256m", "-cp", f"{jar}{os.pathsep}{build}", "ConcurrentWriter"]


def run(ledger: Path, java: list[str], seconds: float) -> list[Writer]:
    python = [sys.executable, str(ROOT / "tests/cross/writer.py")]
    began = time.time()
    deadline = began + seconds
    writers = [Writer(name, command, ledger, deadline) for name, command in (("py-1", python), ("py-2", python), ("java", java))]
    for writer, part in ((writers[1], 0.4), (writers[2], 0.6)):
        time.sleep(max(0.0, began + seconds * part - time.time()))
        # only a writer that is at work can be killed in mid-run
        while not writer.told and time.time() < deadline:
            time.sleep(0.02)
        writer.kill()
        writer.start()
    for writer in writers:
        writer.finish()
    return writers


def chain_problem(ledger: Ledger) -> str:
    """The first link that does not hold, by the public format alone; empty when all hold."""
    previous, last_time, seq = "0" * 64, "", 0
    while records := ledger.read(seq + 1, 5000):
        for record in records:
            seq += 1
            number, recorded_at, prev, digest = record.head.split("\t")
            if int(number) != seq or record.seq != seq:
                return f"entry {seq} is numbered {number}"
            if prev != previous:
                return f"entry {seq} does not follow the one before"
            if digest != hashlib.new("sm3", record.fact.encode()).hexdigest():
                return f"entry {seq} holds another fact"
            if recorded_at < last_time:
                return f"entry {seq} was recorded before the one before"
            last_time = recorded_at
            previous = hashlib.new("sm3", record.head.encode()).hexdigest()
    return "" if seq == ledger.head().seq and previous == ledger.head().sm3 else "the head is not the last entry"


def check(path: Path, writers: list[Writer], checks: Checks) -> None:
    with Ledger.open(path) as ledger:
        entries: list[tuple[str, int]] = []
        while records := ledger.read(len(entries) + 1, 5000):
            for record in records:
                fact = json.loads(record.fact)
                entries.append((fact["subject"], fact["body"]["index"]))
        verdict = ledger.verify()
        checks.that("the chain is intact (verify)", verdict.ok, f"{verdict!r}")
        checks.that("verify read every entry", verdict.entries == len(entries), f"{verdict.entries} of {len(entries)}")
        problem = chain_problem(ledger)
        checks.that("the chain is intact (public format alone)", not problem, problem)
    count = Counter(entries)
    doubles = [key for key, n in count.items() if n > 1]
    checks.that("every key is there exactly once", not doubles, f"{doubles[:5]}")
    for writer in writers:
        name, told = writer.name, writer.told
        checks.that(f"{name} ran without a complaint", not writer.failures, "; ".join(writer.failures))
        checks.that(f"{name} was told of at least {KEYS_EACH} keys", len(told) >= KEYS_EACH, f"{len(told)}")
        lost = [i for i, seq in told.items() if seq > len(entries) or entries[seq - 1] != (name, i)]
        checks.that(f"{name}: what it was told is recorded, where it was told ({len(told)} keys, {writer.kills} kills)", not lost, f"{lost[:5]}")
        untold = [i for subject, i in count if subject == name and i not in told]
        checks.that(f"{name}: nothing else of it is there", not untold, f"{untold[:5]}")
        gaps = set(range(1, max(told, default=0) + 1)) - set(told)
        checks.that(f"{name}: no key is missing", not gaps, f"{sorted(gaps)[:5]}")
    alternations = sum(a[0] != b[0] for a, b in zip(entries, entries[1:], strict=False))
    checks.that(f"writers alternated at least {ALTERNATIONS} times", alternations >= ALTERNATIONS, f"{alternations}")
    told_of = ", ".join(f"{w.name} {len(w.told)}" for w in writers)
    print(f"{len(entries)} entries ({told_of}), {alternations} alternations")


def main() -> int:
    usual = "300" if "OPSLEDGER_SOAK" in os.environ else "30"
    seconds = float(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OPSLEDGER_SECONDS", usual))
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="opsledger-writers-") as folder:
        java = java_command(Path(folder))
        path = Path(folder) / "books.ledger"
        Ledger.open(path, create=True).close()
        writers = run(path, java, seconds)
        check(path, writers, checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

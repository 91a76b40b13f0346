"""The proof of many writers (tests/cross) finds what it looks for: each wrong thing, once it is there, fails one check."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opsledger import Ledger
from support import ROOT, at

sys.path.insert(0, str(ROOT / "tests/cross"))
if TYPE_CHECKING:
    from tests.cross import many_writers
else:
    import many_writers


class Told:
    """A writer that has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: dict[int, int] = {}
        self.failures: list[str] = []
        self.kills = 0


def books(path: Path, keys: int, in_turn: bool = True) -> list[Told]:
    writers = [Told("py-1"), Told("py-2"), Told("java")]
    with Ledger.open(path, create=True, durability="os") as ledger:
        facts = [
            {"kind": "x.note", "subject": w.name, "at": at("03-02 08:00"), "key": f"{w.name}-{i}", "body": {"index": i}}
            for i in range(1, keys + 1)
            for w in writers
        ]
        if not in_turn:
            facts.sort(key=lambda fact: str(fact["subject"]))
        for fact, seq in zip(facts, ledger.append(facts), strict=True):
            (writer,) = (w for w in writers if w.name == fact["subject"])
            writer.told[fact["body"]["index"]] = seq  # type: ignore[index]
    return writers


def failures(path: Path, writers: list[Told], capsys: pytest.CaptureFixture[str]) -> list[str]:
    checks = many_writers.Checks()
    many_writers.check(path, writers, checks)  # type: ignore[arg-type]
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert len(failed) == checks.failed
    return failed


def swap(writers: list[Told]) -> None:
    told = writers[1].told
    told[7], told[8] = told[8], told[7]


WRONG: list[tuple[str, Callable[[list[Told]], object]]] = [
    ("py-2: what it was told is recorded", swap),
    ("py-2: what it was told is recorded", lambda w: w[1].told.update({8: 10**6})),
    ("py-1: no key is missing", lambda w: w[0].told.pop(5)),
    ("py-1: nothing else of it is there", lambda w: w[0].told.pop(5)),
    ("java ran without a complaint", lambda w: w[2].failures.append("status 1")),
    ("java: no key is missing", lambda w: w[2].told.update({700: 1})),
]


def test_a_sound_run_passes(ledger_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failures(ledger_path, books(ledger_path, 500), capsys) == []


@pytest.mark.parametrize(("what", "spoil"), WRONG)
def test_each_wrong_answer_is_seen(
    ledger_path: Path, capsys: pytest.CaptureFixture[str], what: str, spoil: Callable[[list[Told]], object]
) -> None:
    writers = books(ledger_path, 500)
    spoil(writers)
    assert any(what in line for line in failures(ledger_path, writers, capsys))


def test_writers_that_never_alternate(ledger_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (failed,) = failures(ledger_path, books(ledger_path, 500, in_turn=False), capsys)
    assert "alternated" in failed


def test_too_few_keys(ledger_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = failures(ledger_path, books(ledger_path, 499), capsys)
    assert len(failed) == 3 and all("at least 500 keys" in line for line in failed)


def test_damage_is_seen(ledger_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writers = books(ledger_path, 500)
    with sqlite3.connect(ledger_path) as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f'drop trigger "{name}"')
        (fact,) = db.execute("select fact from entry where seq = 10").fetchone()
        doubled = json.loads(fact)
        doubled["body"]["index"] += 1
        text = json.dumps(doubled, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        db.execute("update entry set fact = ? where seq = 10", (text,))
    db.close()
    failed = " ".join(failures(ledger_path, writers, capsys))
    for what in ("(verify)", "(public format alone)", "exactly once", "what it was told is recorded"):
        assert what in failed

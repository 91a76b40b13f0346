"""The ledger from Python: what is recorded, what is refused, what is found out."""

import hashlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opsledger import (
    CancelledError,
    ClosedError,
    ConflictError,
    ForkedError,
    InputError,
    Ledger,
    NotFoundError,
    OpsledgerError,
    RefusedError,
    VersionError,
)
from support import at, json_lines, outage, vectors


def note(n: int, **more: Any) -> dict[str, Any]:
    return {"kind": "x.note", "subject": f"n-{n}", "at": at("03-02 08:10"), "body": {"n": n}} | more


def test_append_read_head(ledger: Ledger) -> None:
    empty = ledger.head()
    assert (empty.seq, empty.sm3) == (0, "0" * 64)
    before = datetime.now(UTC)
    assert ledger.append([note(1), note(2)]) == [1, 2]
    assert ledger.append([note(3)]) == [3]
    after = datetime.now(UTC)
    head = ledger.head()
    assert head.seq == 3 and before <= head.recorded_at <= after and head.recorded_at.tzinfo is UTC
    records = ledger.read()
    assert [r.seq for r in records] == [1, 2, 3]
    assert ledger.read(2, 1)[0].fact == records[1].fact
    assert ledger.read(4) == [] and ledger.read(1, 0) == []
    previous = "0" * 64
    for record in records:  # the public format, checked without us
        seq, _, prev, fact = record.head.split("\t")
        assert (int(seq), prev) == (record.seq, previous)
        assert fact == hashlib.new("sm3", record.fact.encode()).hexdigest()
        previous = hashlib.new("sm3", record.head.encode()).hexdigest()
    assert previous == head.sm3


def test_the_same_key_is_recorded_once(ledger: Ledger) -> None:
    assert ledger.append([note(1, key="k-1")]) == [1]
    assert ledger.append([note(2), note(1, key="k-1"), note(3)]) == [2, 1, 3]
    with pytest.raises(ConflictError) as caught:
        ledger.append([note(9), note(4, key="k-1")])
    assert (caught.value.code, caught.value.row) == ("key-conflict", 2)
    with pytest.raises(ConflictError) as caught:  # rows of JSON Lines are lines, blank ones included
        ledger.append('\n\n{"kind":"x.note","subject":"s","at":"2026-01-01T00:00:00Z","key":"k-1"}\n')
    assert (caught.value.code, caught.value.row) == ("key-conflict", 3)
    assert ledger.head().seq == 3


def test_what_contradicts_the_record_is_refused(ledger: Ledger) -> None:
    ledger.append(outage("O-1", "03-02 08:10", "03-02 09:40"))
    for facts, code in [
        ([note(1), outage("O-1", "03-03 08:10")[0]], "second-start"),
        ([note(1), outage("O-2", "03-03 08:10", "03-03 08:10")[1]], "unknown-subject"),
        ([note(1), {"kind": "incident.repair", "subject": "I-9", "at": at("03-03 08:10")}], "unknown-subject"),
        ([note(1), {"kind": "outage.void", "subject": "O-9", "at": at("03-03 08:10"), "body": {"reason": "r"}}], "nothing-to-correct"),
    ]:
        with pytest.raises(RefusedError) as caught:
            ledger.append(facts)
        assert (caught.value.code, caught.value.row) == (code, 2)
    with pytest.raises(RefusedError) as caught:
        ledger.append([outage("O-3", "03-04 08:10")[0], outage("O-3", "03-04 08:00", "03-04 08:10")[1]])
    assert (caught.value.code, caught.value.row) == ("end-before-start", 2)
    assert ledger.head().seq == 2


def test_canonical_vectors(ledger: Ledger) -> None:
    """One vector file holds the canonical text in all languages."""
    ledger.append(outage("O-1", "01-01 00:00"))  # what one of the cases ends
    stored = refused = 0
    for case in vectors("canonical.json")["cases"]:
        fill = "a" * case.get("fill", 0)
        given = bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].replace("FILL", fill).encode()
        given = given.replace(b"\n", b" ")  # a fact is a line
        if "canonical" in case:
            (seq,) = ledger.append(given)
            (record,) = ledger.read(seq, 1)
            assert record.fact == case["canonical"].replace("FILL", fill), case["name"]
            assert record.head.split("\t")[3] == case["sm3"], case["name"]
            stored += 1
        elif not given:
            assert ledger.append(given) == []  # no line, no fact
        else:
            with pytest.raises(OpsledgerError) as caught:
                ledger.append(given)
            assert (caught.value.code, caught.value.row) == (case["error"], 1), case["name"]
            refused += 1
    assert stored >= 30 and refused >= 50
    assert ledger.head().seq == stored + 1 and ledger.verify().ok


def test_sql(ledger: Ledger) -> None:
    ledger.append([note(1), note(2)])
    table = ledger.sql("select seq, fact ->> '$.subject' as subject, null as nil, 1.5 as half, x'00ff' as blob from entry")
    assert table.columns == ["seq", "subject", "nil", "half", "blob"]
    assert table.rows == [(1, "n-1", None, "1.5", "00ff"), (2, "n-2", None, "1.5", "00ff")]
    assert len(table) == 2
    for query in [
        "delete from entry",
        "insert into entry values (9, '', '')",
        "attach 'other.db' as o",
        "pragma journal_mode = delete",
        "create table t (a)",
    ]:
        with pytest.raises(RefusedError) as caught:
            ledger.sql(query)
        assert caught.value.code == "not-read-only", query
    with pytest.raises(InputError, match="nothing_like_it"):
        ledger.sql("select nothing_like_it from entry")
    assert ledger.verify().ok and ledger.head().seq == 2


def test_verify_and_progress(ledger: Ledger) -> None:
    ledger.append(json_lines([note(i) | {"at": "2026-03-02T08:10:00Z"} for i in range(3000)]))
    seen: list[tuple[int, int]] = []
    verdict = ledger.verify(lambda done, total: seen.append((done, total)))
    assert verdict and verdict.ok and verdict.entries == 3000
    assert (verdict.first_bad, verdict.problem, verdict.detail) == (None, None, None)
    assert seen and seen == sorted(seen) and seen[-1] == (3000, 3000)
    with pytest.raises(CancelledError):
        ledger.verify(lambda _done, _total: False)

    def broken(_done: int, _total: int) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ledger.verify(broken)
    assert ledger.verify().ok


def damage(path: Path, statement: str) -> None:
    """Changes the file behind the library's back, as a forger with sqlite3 would."""
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f'drop trigger "{name}"')
        db.execute(statement)
    db.close()


def test_verify_names_the_first_bad_entry(ledger_path: Path) -> None:
    with Ledger.open(ledger_path, create=True) as ledger:
        ledger.append([note(i) for i in range(10)])
    damage(ledger_path, "update entry set fact = replace(fact, '\"n\":6', '\"n\":7') where seq = 7")
    with Ledger.open(ledger_path) as ledger:
        verdict = ledger.verify()
    assert not verdict and not verdict.ok
    assert verdict.first_bad == 7 and verdict.problem and verdict.detail


def test_snapshot(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([note(1), note(2)])
    copy = tmp_path / "auditor.ledger"
    ledger.snapshot(copy)
    with pytest.raises(RefusedError) as caught:
        ledger.snapshot(copy)
    assert caught.value.code == "ledger-exists"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("auditor")] == ["auditor.ledger"]
    with Ledger.open(copy, read_only=True) as other:
        assert other.head().sm3 == ledger.head().sm3 and other.verify().ok
        with pytest.raises(OpsledgerError) as refused:
            other.append([note(3)])
        assert refused.value.code in ("read-only-file", "not-read-only")


def test_import_csv(ledger: Ledger, tmp_path: Path) -> None:
    sheet = tmp_path / "台帐.csv"
    sheet.write_text(
        "kind,subject,at,recorded_at,body.system\n"
        "outage.start,O-1,2026-03-02 08:10,2026-03-02 09:00,portal\n"
        "outage.end,O-1,2026-03-02 09:40,2026-03-02 10:00,\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        ledger.import_csv(sheet)
    assert caught.value.code == "naive-time" and caught.value.row == 2
    done = ledger.import_csv(sheet, zone="Asia/Shanghai")
    assert (done.seqs, done.new, done.faults) == ([1, 2], 2, [])
    fact = json.loads(ledger.read(1, 1)[0].fact)
    assert fact["at"] == "2026-03-02T00:10:00.000000Z"
    assert fact["claimed_recorded_at"] == "2026-03-02T01:00:00.000000Z"
    assert fact["body"]["stated_zone"] == "Asia/Shanghai"
    again = ledger.import_csv(sheet, zone="Asia/Shanghai")
    assert (again.seqs, again.new) == ([1, 2], 0)
    with pytest.raises(InputError) as caught:
        ledger.import_csv(sheet, zone="Asia/Shanghia")
    assert caught.value.code == "bad-zone"


def test_lenient_import(ledger: Ledger, tmp_path: Path) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_text("kind,subject,at\noutage.end,O-9,2026-03-02T08:10:00Z\nx.note,n,2026-03-02T08:10:00Z\n")
    with pytest.raises(RefusedError) as caught:
        ledger.import_csv(sheet)
    assert caught.value.code == "unknown-subject" and ledger.head().seq == 0
    done = ledger.import_csv(sheet, lenient=True)
    assert done.new == 2 and len(done.faults) == 1 and ledger.head().seq == 2


def test_closed(ledger_path: Path, tmp_path: Path) -> None:
    ledger = Ledger.open(ledger_path, create=True)
    assert not ledger.closed and ledger.path == ledger_path and "books.ledger" in repr(ledger)
    with ledger as same:
        assert same is ledger
    assert ledger.closed and "closed" in repr(ledger)
    ledger.close()
    for call in [
        lambda: ledger.append([note(1)]),
        ledger.head,
        ledger.read,
        ledger.verify,
        lambda: ledger.sql("select 1"),
        lambda: ledger.snapshot(tmp_path / "s"),
    ]:
        with pytest.raises(ClosedError) as caught:
            call()
        assert caught.value.code == "closed"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(OpsledgerError):
        Ledger.open(tmp_path / "none.ledger")
    for content in [b"not a ledger at all", b"\x00" * 5000]:
        path = tmp_path / "some.file"
        path.write_bytes(content)
        for create in (False, True):
            with pytest.raises(RefusedError) as refused:
                Ledger.open(path, create=create)
            assert refused.value.code == "not-a-ledger"
        assert path.read_bytes() == content
    with pytest.raises(InputError) as caught:
        Ledger.open(tmp_path / "x.ledger", create=True, durability="none")  # type: ignore[arg-type]
    assert caught.value.code == "unknown-word" and not (tmp_path / "x.ledger").exists()
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("create table t (a)")
    db.close()
    with pytest.raises(RefusedError) as refused:
        Ledger.open(foreign)
    assert refused.value.code == "not-a-ledger"


def test_a_newer_version(ledger_path: Path) -> None:
    Ledger.open(ledger_path, create=True).close()
    with sqlite3.connect(ledger_path) as db:
        db.execute("pragma user_version = 999")
    db.close()
    with pytest.raises(VersionError) as caught:
        Ledger.open(ledger_path)
    assert caught.value.code == "ledger-version"


CHILD = """
import os, sys
from opsledger import Ledger, OpsledgerError
{before}
try:
    {action}
except OpsledgerError as e:
    print(e.code, e.category)
else:
    print("no error")
"""


def child(before: str, action: str, *arguments: str) -> str:
    code = CHILD.format(before=before, action=action)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_full_disk(ledger_path: Path) -> None:
    """A file-size limit stops a large batch: a clear error, and nothing that was recorded is lost."""
    with Ledger.open(ledger_path, create=True) as ledger:
        ledger.append([note(1)])
    before = (
        "import signal, resource; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); ledger = Ledger.open(sys.argv[1]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY));"
        "facts = [dict(kind='x.n', subject=str(i), at='2026-01-01T00:00:00Z', body=dict(t='x'*1000)) for i in range(3000)]"
    )
    assert child(before, "ledger.append(facts)", str(ledger_path)) == "disk-full io"
    with Ledger.open(ledger_path) as ledger:
        assert ledger.head().seq == 1 and ledger.verify().ok
        assert ledger.append([note(2)]) == [2]


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root; root itself may write any file")
def test_a_read_only_file(ledger_path: Path) -> None:
    with Ledger.open(ledger_path, create=True) as ledger:
        ledger.append([note(1)])
    folder = ledger_path.parent
    for directory in (folder, *folder.parents):
        if directory.stat().st_uid == 0 and not directory.stat().st_mode & 0o005 and directory != Path("/"):
            directory.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    become = "os.setgid(65534); os.setuid(65534)"
    action = "Ledger.open(sys.argv[1]).append('{\"kind\":\"x.n\",\"subject\":\"s\",\"at\":\"2026-01-01T00:00:00Z\"}')"
    assert child(become, action, str(ledger_path)) == "read-only-file io"


def test_fork(ledger: Ledger, ledger_path: Path) -> None:
    ledger.append([note(1)])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ledger.append([note(2)])
        except ForkedError:
            with Ledger.open(ledger_path) as own:
                code = 0 if own.append([note(3)]) == [2] else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert ledger.append([note(4)]) == [3]
    assert ledger.verify().ok


def test_threads_share_a_ledger_and_the_interpreter_runs_on(ledger: Ledger) -> None:
    """Eight threads append at once; a ninth counts meanwhile, which it could not do if an append held the interpreter lock."""
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0.0005)

    errors: list[BaseException] = []

    def work(t: int) -> None:
        try:
            for i in range(25):
                ledger.append([note(i, key=f"{t}-{i}"), note(i, key=f"{t}-{i}-b")])
        except BaseException as e:
            errors.append(e)

    counter = threading.Thread(target=count)
    workers = [threading.Thread(target=work, args=(t,)) for t in range(8)]
    counter.start()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop.set()
    counter.join()
    assert errors == [] and ledger.head().seq == 400 and ledger.verify().entries == 400
    assert counted > 10


def test_ctrl_c_stops_a_long_call(ledger: Ledger) -> None:
    ledger.append(json_lines([note(i) | {"at": "2026-03-02T08:10:00Z"} for i in range(20_000)]))
    main = threading.main_thread().ident
    assert main is not None
    sent = False

    def interrupt(_done: int, _total: int) -> None:
        nonlocal sent
        if not sent:
            sent = True
            signal.pthread_kill(main, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ledger.verify(interrupt)
    assert ledger.verify().ok


def test_durability_and_wait_limit_are_taken(ledger_path: Path) -> None:
    with Ledger.open(ledger_path, create=True, durability="os", wait_limit=timedelta(seconds=1), accept_clock=True) as ledger:
        assert ledger.append([note(1)]) == [1]
    with pytest.raises(TypeError):
        Ledger.open(ledger_path, wait_limit=1)  # type: ignore[arg-type]


def test_a_writer_that_waits_too_long_says_busy(ledger_path: Path) -> None:
    with Ledger.open(ledger_path, create=True, wait_limit=timedelta(milliseconds=200)) as ledger:
        ledger.append([note(1)])
        code = (
            "import sqlite3, sys, time\n"
            "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "db.execute('begin immediate')\nprint('held', flush=True)\nsys.stdin.readline()\n"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code, str(ledger_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OpsledgerError) as caught:
            ledger.append([note(2)])
        assert caught.value.category == "busy"
        holder.communicate("\n", timeout=10)
        assert ledger.append([note(2)]) == [2]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="such"):
        Ledger.open(tmp_path / "no" / "such" / "books.ledger", create=True)


def test_limits_of_the_process_are_ours() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY

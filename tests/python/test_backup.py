"""Backups from Python: sealed, damaged, verified, recorded; cancelled by the callback and by Ctrl-C."""

import json
import signal
import threading
from pathlib import Path

import pytest

import opsledger
from opsledger import Ledger, backup


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "备份 2026-03-02"
    (made / "库").mkdir(parents=True)
    (made / "库" / "platform.bin").write_bytes(bytes(range(256)) * 4096)
    (made / "note.txt").write_text("一\n")
    return made


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_damaged_byte_is_found_and_recorded(folder: Path, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l", create=True) as ledger:
        sealed = backup.seal(folder, set="platform-db", ledger=ledger)
        assert (sealed.verdict, sealed.entries, sealed.set) == ("pass", [1], "platform-db")
        sound = backup.verify(folder, ledger=ledger, manifest_sm3=sealed.manifest_sm3)
        assert sound.passed and sound["coverage"]["files_read"] == sound["coverage"]["files"] > 2
        assert sound.manifest_sm3 == sealed.manifest_sm3
        damage(folder / "data" / "库" / "platform.bin", 70_000)
        found = backup.verify(folder, ledger=ledger)
        assert not found.passed and found.verdict == "fail"
        failed = [p for p in found.problems if p["weight"] == "fail"]
        assert [(p["kind"], p["path"]) for p in failed] == [("checksum-mismatch", "data/库/platform.bin")]
        fact = json.loads(ledger.read(3, 1)[0].fact)
        assert (fact["kind"], fact["subject"]) == ("backup.verify", folder.name)
        assert fact["body"]["verdict"] == "fail"
        assert fact["body"]["problems"]["first"][0]["path"] == "data/库/platform.bin"
        assert fact["body"]["report_sm3"] == found.sm3
        assert ledger.head().seq == 3 and ledger.verify()
    assert found.to_dict() == json.loads(found.json) and set(found) == set(found.keys())
    assert found.finished >= found.started and found.started.tzinfo is not None
    assert "verify" in repr(found) and len(found) == len(found.to_dict())


def test_wrong_options_are_named(folder: Path) -> None:
    with pytest.raises(opsledger.InputError, match="sample"):
        backup.seal(folder).passed and backup.verify(folder, sample="5/4")
    with pytest.raises(opsledger.InputError, match="io_limit"):
        backup.verify(folder, io_limit="a lot")
    with pytest.raises(opsledger.InputError, match="unknown field `paht`"):
        opsledger._opsledger.backup_run("verify", '{"paht": ""}')
    with pytest.raises(opsledger.NotFoundError, match="nowhere"):
        backup.verify(folder / "nowhere")
    with pytest.raises(opsledger.InputError, match="without|status|folder"):
        backup.status()


def test_a_false_answer_cancels_and_nothing_is_recorded(folder: Path, tmp_path: Path) -> None:
    backup.seal(folder)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> bool:
        told.append((done, total))
        return False

    with Ledger.open(tmp_path / "l", create=True) as ledger:
        with pytest.raises(opsledger.CancelledError):
            backup.verify(folder, ledger=ledger, progress=stop)
        assert told and ledger.head().seq == 0
        with pytest.raises(ZeroDivisionError):
            backup.verify(folder, ledger=ledger, progress=lambda done, total: done // 0 == 0)
        assert ledger.head().seq == 0


def test_ctrl_c_cancels(folder: Path, tmp_path: Path) -> None:
    backup.seal(folder)
    with Ledger.open(tmp_path / "l", create=True) as ledger:
        main = threading.main_thread().ident
        assert main is not None
        timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
        timer.start()
        # A megabyte at 100 kB a second takes ten seconds; other threads go on meanwhile.
        with pytest.raises(KeyboardInterrupt):
            backup.verify(folder, ledger=ledger, io_limit=100_000)
        assert ledger.head().seq == 0


def test_the_ledger_remembers_what_was_read(folder: Path, tmp_path: Path) -> None:
    for i in range(40):
        (folder / f"f{i:02}").write_bytes(bytes([i]) * 50_000)
    backup.seal(folder)
    with Ledger.open(tmp_path / "l", create=True) as ledger:
        reports = [backup.verify(folder, ledger=ledger, sample="1/4", level="L1") for _ in range(4)]
        assert all(r.passed for r in reports)
        assert [r["rotation"]["next"] for r in reports] == [1, 2, 3, 0]
        total = reports[0]["coverage"]["bytes"]
        assert all(r["coverage"]["not_covered"] for r in reports)
        assert sum(r["coverage"]["bytes_read"] for r in reports) >= total


def test_a_report_that_is_not_recorded_is_not_lost(folder: Path, tmp_path: Path) -> None:
    Ledger.open(tmp_path / "l", create=True).close()
    backup.seal(folder)
    with Ledger.open(tmp_path / "l", read_only=True) as ledger:
        with pytest.raises(opsledger.LedgerIOError) as caught:
            backup.verify(folder, ledger=ledger)
    assert getattr(caught.value, "report").passed

"""Backups: sealed, checked, restored in drills, compared with the standby.

What a check found is in the report's ``verdict``, not raised. With ``ledger``, the contract that it adopted completes what is
left out, and what the report states is appended when the operation has ended, all of it or nothing; where only that fails, the
exception has the report as its ``report``.

``progress(done, total)`` is called in this thread now and then, with bytes, or files where no bytes are counted; answering
False cancels (``CancelledError``), an exception of its own is raised, and so is Ctrl-C; nothing is recorded then.
``io_limit`` is bytes a second, or text such as ``"50MB"``.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from json import dumps
from os import PathLike, fspath
from typing import Any, Literal

from ._opsledger import BackupReport, Ledger, backup_run

__all__ = ["BackupReport", "compare", "drill", "seal", "status", "verify"]

_Kind = Literal[
    "files", "postgres-base", "postgres-dump", "mysql-dump", "sqlite", "archive", "opaque", "command"
]
_Path = str | PathLike[str]
_Progress = Callable[[int, int], bool | None]


def seal(
    path: _Path,
    *,
    ledger: Ledger | None = None,
    into: _Path | None = None,
    set: str | None = None,
    run: str | None = None,
    kind: _Kind | None = None,
    algorithms: Iterable[str] | None = None,
    chunks_from: int | None = None,
    key: _Path | None = None,
    source: str | None = None,
    command: str | None = None,
    info: Mapping[str, str] | None = None,
    io_limit: int | str | None = None,
    progress: _Progress | None = None,
) -> BackupReport:
    """Seals a folder as a BagIt bag: in place, or ``into`` another folder. ``key``: SM2 private key (PEM) that signs it."""
    options = {
        "path": path, "into": into, "set": set, "run": run, "kind": kind,
        "algorithms": None if algorithms is None else list(algorithms), "chunks_from": chunks_from, "key": key,
        "source": source, "command": command, "info": None if info is None else dict(info), "io_limit": io_limit,
    }  # fmt: skip
    return _run("seal", options, ledger, progress)


def verify(
    path: _Path,
    *,
    ledger: Ledger | None = None,
    set: str | None = None,
    run: str | None = None,
    kind: _Kind | None = None,
    level: Literal["L1", "L2"] | None = None,
    check_file: _Path | None = None,
    key: _Path | None = None,
    manifest_sm3: str | None = None,
    sample: str | None = None,
    state: _Path | None = None,
    ignore: Iterable[str] | None = None,
    first: bool = False,
    wal: _Path | None = None,
    no_wal: bool = False,
    log: _Path | None = None,
    log_marker: str | None = None,
    io_limit: int | str | None = None,
    progress: _Progress | None = None,
) -> BackupReport:
    """Checks a set: digests and signature (L1), structure (L2). What is checked is never written to."""
    options = {
        "path": path, "set": set, "run": run, "kind": kind, "level": level, "check_file": check_file, "key": key,
        "manifest_sm3": manifest_sm3, "sample": sample, "state": state, "ignore": None if ignore is None else list(ignore),
        "first": first, "wal": wal, "no_wal": no_wal, "log": log, "log_marker": log_marker, "io_limit": io_limit,
    }  # fmt: skip
    return _run("verify", options, ledger, progress)


def drill(
    path: _Path,
    *,
    ledger: Ledger | None = None,
    set: str | None = None,
    run: str | None = None,
    kind: _Kind | None = None,
    scratch: _Path | None = None,
    target: str | None = None,
    sources: Iterable[str] | None = None,
    programs: _Path | None = None,
    wal: _Path | None = None,
    command: str | None = None,
    counts: Mapping[str, int] | None = None,
    rto: timedelta | str | None = None,
    keep: bool = False,
    io_limit: int | str | None = None,
    progress: _Progress | None = None,
) -> BackupReport:
    """Restores a set into a scratch target with the real engine (L3), and measures how long that takes."""
    options = {
        "path": path, "set": set, "run": run, "kind": kind, "scratch": scratch, "target": target,
        "sources": None if sources is None else list(sources), "programs": programs, "wal": wal, "command": command,
        "counts": None if counts is None else dict(counts), "rto": _duration(rto), "keep": keep, "io_limit": io_limit,
    }  # fmt: skip
    return _run("drill", options, ledger, progress)


def compare(
    platform: str,
    standby: str,
    *,
    ledger: Ledger | None = None,
    set: str | None = None,
    run: str | None = None,
    tables: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    recheck: timedelta | str | None = None,
    rows: int | None = None,
    programs: _Path | None = None,
    io_limit: int | str | None = None,
    progress: _Progress | None = None,
) -> BackupReport:
    """Compares platform and standby (L4): ``postgresql://…``, ``mariadb://…`` or ``sqlite:PATH``."""
    options = {
        "platform": platform, "standby": standby, "set": set, "run": run,
        "tables": None if tables is None else list(tables), "ignore": None if ignore is None else list(ignore),
        "recheck": _duration(recheck), "rows": rows, "programs": programs, "io_limit": io_limit,
    }  # fmt: skip
    return _run("compare", options, ledger, progress)


def status(
    *,
    ledger: Ledger | None = None,
    set: str | None = None,
    folders: Mapping[str, _Path] | None = None,
    io_limit: int | str | None = None,
    progress: _Progress | None = None,
) -> BackupReport:
    """Where the sets of the contract stand (L0); with ``folders`` (set, folder), also what lies there."""
    listed = None if folders is None else {name: fspath(folder) for name, folder in folders.items()}
    return _run("status", {"set": set, "folders": listed, "io_limit": io_limit}, ledger, progress)


def _duration(value: timedelta | str | None) -> str | None:
    if isinstance(value, timedelta):
        return f"{value // timedelta(microseconds=1)}us"
    return value


def _run(
    operation: str, options: Mapping[str, Any], ledger: Ledger | None, progress: _Progress | None
) -> BackupReport:
    asked: dict[str, Any] = {}
    for name, value in options.items():
        if value is None or value is False:
            continue
        if isinstance(value, PathLike):
            value = fspath(value)
        asked[name] = str(value) if name == "io_limit" else value
    return backup_run(operation, dumps(asked), ledger, progress)

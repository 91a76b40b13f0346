"""The console script is the same command as the native one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import opsledger
import pytest
from opsledger import Account, Contract
from support import ROOT, json_lines, outage

SCRIPT = Path(sys.executable).with_name("opsledger")
MONTH = ROOT / "examples/month"


def run(*arguments: str | Path, stdin: str | None = None) -> tuple[int, str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPSLEDGER_")} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [SCRIPT, *arguments], input=stdin, capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def test_version_and_help() -> None:
    status, out, _ = run("--version")
    assert status == 0 and out.strip() == f"opsledger {opsledger.__version__}"
    status, out, _ = run("--help")
    assert status == 0 and "append" in out and "assess" in out


def test_assess_is_the_library_s() -> None:
    instants = ["--as-of", "2026-04-01T00:00:00+08:00", "--known-at", "2026-04-01T00:00:00+08:00"]
    status, out, err = run("assess", "--contract", MONTH / "contract.toml", "--facts", MONTH / "facts.jsonl", "--json", *instants)
    account = Account(Contract.from_file(MONTH / "contract.toml"))
    account.add((MONTH / "facts.jsonl").read_bytes())
    as_of = account.contract.period[0].fromisoformat("2026-04-01T00:00:00+08:00")
    assessment = account.assess(as_of, as_of)
    assert json.loads(out) == assessment.to_dict()
    assert (status, err) == ({"breached": 1, "no-evidence": 3}.get(assessment.status, 0), "")


def test_a_ledger_by_command_and_library(tmp_path: Path) -> None:
    ledger = tmp_path / "books.ledger"
    assert run("init", "--ledger", ledger)[0] == 0
    facts = json_lines([{**f, "at": f["at"].isoformat()} for f in outage("O-1", "03-02 08:10", "03-02 09:40")])  # type: ignore[attr-defined]
    assert run("append", "-", "--ledger", ledger, stdin=facts)[0] == 0
    with opsledger.Ledger.open(ledger) as opened:
        assert opened.head().seq == 2
    status, out, _ = run("sql", "select count(*) from entry", "--json", "--ledger", ledger)
    assert status == 0 and "2" in out


def test_bad_input_is_status_2(tmp_path: Path) -> None:
    ledger = tmp_path / "books.ledger"
    assert run("init", "--ledger", ledger)[0] == 0
    status, out, err = run("append", "-", "--ledger", ledger, stdin='{"kind":"nothing"}\n')
    assert (status, out) == (2, "") and "nothing" in err
    assert run("no-such-verb")[0] == 2


def test_a_closed_pipe_ends_it_quietly() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{SCRIPT}' --help | head -n 1"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.count("\n") == 1 and "Traceback" not in done.stderr and "panicked" not in done.stderr


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    ledger = tmp_path / "books.ledger"
    assert run("init", "--ledger", ledger)[0] == 0
    # it waits for its input until the signal comes
    process = subprocess.Popen(
        [SCRIPT, "append", "-", "--ledger", ledger], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 5 and process.returncode != 0 and b"Traceback" not in err

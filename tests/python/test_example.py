"""The example that exists in every language prints what it prints in every language."""

import subprocess
import sys
from pathlib import Path

from support import ROOT


def month(ledger: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples/python/month.py"), str(ROOT / "examples/month"), str(ledger)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_month(tmp_path: Path) -> None:
    expected = (ROOT / "examples/month/expected.txt").read_text(encoding="utf-8")
    ledger = tmp_path / "month.ledger"
    assert month(ledger) == expected
    # its facts carry keys, so running it again records nothing twice
    assert month(ledger) == expected

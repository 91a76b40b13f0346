"""The stubs are the extension's, and strict type checking holds on examples, tests and package."""

import subprocess
import sys
from pathlib import Path

from support import ROOT


def run(*arguments: str, cwd: Path = ROOT) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_are_what_runs() -> None:
    allowed = ROOT / "bindings/python/stubtest-allowlist.txt"
    run("mypy.stubtest", "opsledger", "--allowlist", str(allowed), "--ignore-unused-allowlist")


def test_strict_typing() -> None:
    config = ROOT / "tests/python/mypy.ini"
    run("mypy", "--strict", "--config-file", str(config), "examples/python", "tests/python")
    # These import one another by their plain names.
    cross = ["documents.py", "many_writers.py", "writer.py"]
    run("mypy", "--strict", "--config-file", str(config), *cross, cwd=ROOT / "tests/cross")

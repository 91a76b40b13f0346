"""The stubs are the extension's, and strict type checking holds on examples, tests and package."""

import subprocess
import sys

from support import ROOT


def run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_are_what_runs() -> None:
    allowed = ROOT / "bindings/python/stubtest-allowlist.txt"
    run("mypy.stubtest", "opsledger", "--allowlist", str(allowed), "--ignore-unused-allowlist")


def test_strict_typing() -> None:
    config = ROOT / "tests/python/mypy.ini"
    cross = ["tests/cross/documents.py", "tests/cross/many_writers.py", "tests/cross/writer.py"]
    run("mypy", "--strict", "--config-file", str(config), "examples/python", "tests/python", *cross)

"""What we seal is valid for the reference tool of the field, bagit-python, and what it makes is valid for us."""

import subprocess
import sys
from pathlib import Path

import pytest
from opsledger import backup

NAMES = ["a.sql", "with space", "子目录/数据库 01.sql", "line\nend", "cr\rname", "😀", "*star", "empty"]


def bagit(*words: str) -> int:
    done = subprocess.run([sys.executable, "-m", "bagit", *words], capture_output=True, check=False)
    return done.returncode


def fill(root: Path) -> None:
    for i, name in enumerate(NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else name.encode() * 700 * i)


def test_bagit_python_accepts_what_we_seal(tmp_path: Path) -> None:
    fill(tmp_path)
    assert backup.seal(tmp_path).verdict == "pass"
    assert bagit("--validate", str(tmp_path)) == 0
    (tmp_path / "data" / "a.sql").write_bytes(b"other")
    assert bagit("--validate", str(tmp_path)) != 0


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha384", "md5"])
def test_we_accept_what_bagit_python_makes(tmp_path: Path, algorithm: str) -> None:
    fill(tmp_path)
    assert bagit(f"--{algorithm}", "--contact-name", "工程师甲", str(tmp_path)) == 0
    report = backup.verify(tmp_path, level="L1")
    assert report.verdict == "pass-with-remarks"
    kinds = {problem["kind"] for problem in report["problems"]}
    assert kinds == {"unsigned"} | ({"weak-digest"} if algorithm == "md5" else set())
    (tmp_path / "data" / "with space").write_bytes(b"other")
    assert backup.verify(tmp_path).verdict == "fail"

"""The same question gives the same document, byte for byte, from the command, C, Java and Python.

    documents.py

Needs the extension in this Python, the command, the shared library and the jar of `make build PROFILE=dev`, gcc, javac and java. The last
line is `N passed, M failed`.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from many_writers import Checks, java_jar
from opsledger import Account, Contract, __version__

ROOT = Path(__file__).resolve().parents[2]
MONTH = ROOT / "examples/month"
KNOWN = "2026-04-02T00:00:00+08:00"
# Kind, and what is asked beside the instant.
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("monthly", {"month": "2026-03", "lang": "zh"}),
    ("monthly", {"month": "2026-03", "lang": "en", "formats": ["html", "docx"], "view": "claimed"}),
    ("incident", {"subject": "I-1", "lang": "zh"}),
]


def by_command(kind: str, wanted: dict[str, Any], folder: Path) -> None:
    options = [f"--lang={wanted['lang']}", f"--known-at={KNOWN}", f"--view={wanted.get('view', 'agreed')}"]
    options += [f"--{key}={wanted[key]}" for key in ("month", "subject") if key in wanted]
    options += [f"--format={name}" for name in wanted.get("formats", [])]
    sources = [f"--contract={MONTH / 'contract.toml'}", f"--facts={MONTH / 'facts.jsonl'}"]
    command = os.environ.get("OPSLEDGER_COMMAND", str(ROOT / "target/debug/opsledger"))
    subprocess.run([command, "report", kind, *sources, *options, f"--out={folder}"], check=True, stdout=subprocess.DEVNULL)


def by_python(kind: Any, wanted: dict[str, Any], folder: Path) -> None:
    account = Account(Contract.from_file(MONTH / "contract.toml"))
    account.add((MONTH / "facts.jsonl").read_bytes())
    known = datetime.fromisoformat(KNOWN)
    for file in account.documents(kind, known_at=known, contract=str(MONTH / "contract.toml"), **wanted):
        (folder / file.name).write_bytes(file.data)


def by_program(program: list[str], kind: str, wanted: dict[str, Any], folder: Path) -> None:
    asked = json.dumps({**wanted, "known_at": KNOWN, "contract": str(MONTH / "contract.toml")})
    files = [str(MONTH / "contract.toml"), str(MONTH / "facts.jsonl")]
    subprocess.run([*program, *files, kind, asked, str(folder)], check=True, stdout=subprocess.DEVNULL)


def programs(build: Path, c: str = "documents", java: str = "DocumentWriter") -> dict[str, list[str]]:
    """Compiles tests/c/C.c and tests/cross/java/JAVA.java; the commands that run them."""
    libraries = ROOT / "target/debug"
    flags = ["-std=c99", f"-I{ROOT / 'include'}", f"-L{libraries}", "-lopsledger", f"-Wl,-rpath,{build}"]
    subprocess.run(["gcc", str(ROOT / f"tests/c/{c}.c"), "-o", str(build / c), *flags], check=True)
    # The program asks for the soname, which only an installed library has as its name.
    (build / f"libopsledger.so.{__version__.split('.')[0]}").symlink_to(libraries / "libopsledger.so")
    jar, source = java_jar(), ROOT / f"tests/cross/java/{java}.java"
    subprocess.run(["javac", "--release", "8", "-Xlint:-options", "-cp", str(jar), "-d", str(build), str(source)], check=True)
    return {"C": [str(build / c)], "Java": ["java", "-cp", f"{jar}{os.pathsep}{build}", java]}


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="opsledger-documents-") as top:
        build = Path(top) / "build"
        build.mkdir()
        others = programs(build)
        for number, (kind, wanted) in enumerate(QUESTIONS):
            found: dict[str, dict[str, str]] = {}
            for language in ("command", "Python", *others):
                folder = Path(top) / f"{number}-{language}"
                folder.mkdir()
                if language == "command":
                    by_command(kind, wanted, folder)
                elif language == "Python":
                    by_python(kind, wanted, folder)
                else:
                    by_program(others[language], kind, wanted, folder)
                found[language] = digests(folder)
            expected = len(wanted.get("formats", "123"))
            checks.that(f"{kind} {wanted['lang']}: the command wrote {expected} files", len(found["command"]) == expected, f"{found}")
            for language in ("Python", *others):
                same = found[language] == found["command"]
                checks.that(f"{kind} {wanted['lang']}: {language} gives the command's bytes", same, f"{found[language]} {found['command']}")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

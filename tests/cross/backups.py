"""The same question about the same backup gives the same report and the same fact, times aside, from the command, C, Java and Python.

    backups.py

Needs what documents.py needs, and sqlite3. The last line is `N passed, M failed`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from documents import programs
from many_writers import Checks
from opsledger import Ledger, backup

ROOT = Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("OPSLEDGER_COMMAND", str(ROOT / "target/debug/opsledger"))
# Times, and what holds a time.
VARIES = {"started", "finished", "at", "key", "report_sm3", "micros", "rto", "log", "log_sm3", "age", "newest_at", "target"}
# Name, operation, options.
QUESTIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("sound", "verify", {"path": "sound", "set": "db", "run": "R-1"}),
    ("sound, digests only", "verify", {"path": "sound", "level": "L1", "ignore": []}),
    ("damaged", "verify", {"path": "damaged", "first": False}),
    ("another one than recorded", "verify", {"path": "sound", "manifest_sm3": "0" * 64}),
    ("a sample", "verify", {"path": "sound", "level": "L1", "sample": "2/3"}),
    ("no digest", "verify", {"path": "loose"}),
    ("a drill", "drill", {"path": "sound", "kind": "sqlite", "rto": "1h"}),
    ("a comparison", "compare", {"platform": "sqlite:live.db", "standby": "sqlite:other.db", "rows": 5, "recheck": "1us"}),
    ("what lies there", "status", {"folders": {"db": "runs"}}),
]


def by_command(operation: str, options: dict[str, Any], ledger: Path) -> str:
    words = [COMMAND, "backup", operation]
    if operation == "compare":
        words += [options["platform"], options["standby"]]
    for key, value in options.items():
        if key == "path":
            words.append(value)
        elif key == "folders":
            words += [f"--folder={name}={folder}" for name, folder in value.items()]
        elif value and key not in ("platform", "standby"):
            words.append(f"--{key.replace('_', '-')}={value}")
    done = subprocess.run([*words, "--json", f"--ledger={ledger}"], capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


def by_python(operation: str, options: dict[str, Any], ledger: Path) -> str:
    with Ledger.open(ledger) as opened:
        report: Callable[..., backup.BackupReport] = getattr(backup, operation)
        return report(**options, ledger=opened).json


def by_program(program: list[str]) -> Callable[[str, dict[str, Any], Path], str]:
    def run(operation: str, options: dict[str, Any], ledger: Path) -> str:
        words = [*program, operation, json.dumps(options), str(ledger)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr

    return run


def still(value: Any) -> Any:
    """Without what varies with time."""
    if isinstance(value, dict):
        return {key: still(v) for key, v in value.items() if key not in VARIES}
    return [still(v) for v in value] if isinstance(value, list) else value


def prepare() -> None:
    """In this folder: a sound bag, a damaged one, a folder without digests, two databases."""
    rows = "create table t(id integer primary key, v text); insert into t values (1, '甲'), (2, '乙');"
    subprocess.run(["sqlite3", "live.db", rows], check=True)
    subprocess.run(["sqlite3", "other.db", rows + "update t set v = '丙' where id = 2;"], check=True)
    for name in ("sound", "loose"):
        Path(name, "库").mkdir(parents=True)
        shutil.copy("live.db", Path(name, "库", "app.db"))
    Path("loose", "说明.txt").write_text("一\n" * 5000, encoding="utf-8")
    assert backup.seal("sound", kind="sqlite", source="sqlite:live.db").passed
    shutil.copytree("sound", "damaged")
    with Path("damaged/data/库/app.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"?")
    shutil.copytree("sound", "runs/R-1")


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="opsledger-backups-") as top:
        build = Path(top) / "build"
        build.mkdir()
        languages: dict[str, Callable[[str, dict[str, Any], Path], str]] = {"command": by_command, "Python": by_python}
        languages |= {name: by_program(program) for name, program in programs(build, "backup", "BackupRunner").items()}
        os.chdir(top)
        prepare()
        ledgers = {name: Path(f"{name}.ledger") for name in languages}
        for ledger in ledgers.values():
            Ledger.open(ledger, create=True).close()
        for what, operation, options in QUESTIONS:
            texts = {name: ask(operation, options, ledgers[name]) for name, ask in languages.items()}
            first = json.loads(texts["command"])
            checks.that(f"{what}: a report with a verdict", first.get("operation") == operation and "verdict" in first, texts["command"])
            for name, text in texts.items():
                if name != "command":
                    same = text.endswith("}\n") and still(json.loads(text)) == still(first)
                    checks.that(f"{what}: {name} gives the command's report", same, f"{text}\n{texts['command']}")
        facts: dict[str, list[Any]] = {}
        for name, ledger in ledgers.items():
            with Ledger.open(ledger) as opened:
                facts[name] = [still(json.loads(record.fact)) for record in opened.read()]
        # A fact about a set that has no run is named by its time.
        for fact in (fact for listed in facts.values() for fact in listed):
            fact["subject"] = fact["subject"].split("@")[0]
        count = len(facts["command"])
        checks.that("each question became an entry", count == len(QUESTIONS), f"{count}")
        for name, listed in facts.items():
            checks.that(f"{name} records the command's facts", listed == facts["command"], f"{listed}\n{facts['command']}")
        os.chdir(ROOT)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

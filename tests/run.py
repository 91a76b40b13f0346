#!/usr/bin/env python3
"""Runs every suite, shows what it prints, and adds up what it counted.

    tests/run.py [--soak] [--list] [SUITE ...]

The last line is `N passed, M failed, K skipped` over all languages; the exit status is 0 only when nothing failed. A suite
that cannot be started, that ends badly without a failed test, or that counts no test at all, is a failure.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "target" / "reports"
PYTHON = ".venv/bin/python"
BUILD = ["make", "--no-print-directory", "build", "PROFILE=dev"]


def whole(output, status):
    """The command is one check."""
    return (1, 0, 0) if status == 0 else (0, 1, 0)


def lines(output, status):
    """Every `N passed, M failed[, K skipped]` and every `test result:` of cargo."""
    total = [0, 0, 0]
    cargo = r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored"
    script = r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$"
    for found in re.finditer(f"{cargo}|{script}", output, re.MULTILINE):
        numbers = [int(n or 0) for n in (found.groups()[:3] if found[1] else found.groups()[3:])]
        total = [a + b for a, b in zip(total, numbers)]
    return tuple(total)


def junit(*where):
    """JUnit reports, as pytest and Surefire write them."""

    def count(output, status):
        passed = failed = skipped = 0
        for path in sorted(p for folder, pattern in where for p in folder.glob(pattern)):
            for suite in ET.parse(path).getroot().iter("testsuite"):
                bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                left = int(suite.get("skipped", 0))
                passed += int(suite.get("tests", 0)) - bad - left
                failed += bad
                skipped += left
        return passed, failed, skipped

    return count


# Name, command, how its tests are counted. They run in this order; what a later one uses, an earlier one built.
SUITES = [
    ("format", ["cargo", "fmt", "--all", "--check"], whole),
    ("build", BUILD, whole),
    ("rust", ["cargo", "test", "--workspace", "--no-fail-fast"], lines),
    ("clippy", ["cargo", "clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"], whole),
    ("no-default-features", ["cargo", "check", "--quiet", "-p", "opsledger", "--no-default-features"], whole),
    ("gate", ["tests/gate/run.py"], lines),
    ("c", ["tests/c/run.sh"], lines),
    ("java", ["tests/java/run.sh"], lines),
    (
        "python",
        [PYTHON, "-m", "pytest", "-q", "tests/python", f"--junitxml={REPORTS / 'python.xml'}"],
        junit((REPORTS, "python.xml")),
    ),
    ("backup", ["tests/backup/run.py"], lines),
    ("cross", ["tests/cross/run.sh"], lines),
    ("page", ["tests/page/run.sh"], lines),
    ("documents", ["tests/documents/run.sh"], lines),
]
# Longer, not other: the same suites read these.
SOAK = {"PROPTEST_CASES": "20000", "OPSLEDGER_SOAK": "1"}


def run(name, command, count, extra):
    print(f"\n== {name}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    output = []
    environment = {**os.environ, "CARGO_TERM_COLOR": "never", **extra}
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        for line in process.stdout:
            sys.stdout.write(line)
            output.append(line)
        status = process.wait()
    except OSError as error:
        print(f"cannot be started: {error}")
        status = 127
    passed, failed, skipped = count("".join(output), status)
    if status != 0 and failed == 0:
        print(f"{name}: exit status {status}")
        failed = 1
    elif passed + failed + skipped == 0:
        print(f"{name}: no test was counted")
        failed = 1
    seconds = time.monotonic() - started
    print(f"-- {name}: {passed} passed, {failed} failed, {skipped} skipped ({seconds:.0f} s)", flush=True)
    return passed, failed, skipped, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    parser.add_argument("--soak", action="store_true", help="more random cases, more time")
    parser.add_argument("--list", action="store_true", help="names and commands")
    options = parser.parse_args()
    if options.list:
        for name, command, _ in SUITES:
            print(f"{name:20} {' '.join(command)}")
        return 0
    unknown = set(options.suites) - {name for name, _, _ in SUITES}
    if unknown:
        parser.error(f"unknown suite: {', '.join(sorted(unknown))} (there are {', '.join(s[0] for s in SUITES)})")
    # Reports of an earlier run must not be counted.
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)

    extra = SOAK if options.soak else {}
    results = {}
    for name, command, count in SUITES:
        if not options.suites or name in options.suites:
            results[name] = run(name, command, count, extra)
    print(f"\n{'suite':20} {'passed':>8} {'failed':>8} {'skipped':>8} {'s':>6}")
    for name, (passed, failed, skipped, seconds) in results.items():
        print(f"{name:20} {passed:8} {failed:8} {skipped:8} {seconds:6.0f}")
    passed, failed, skipped = (sum(result[i] for result in results.values()) for i in range(3))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

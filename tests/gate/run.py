#!/usr/bin/env python3
"""The cost of one new fact must not grow with the books: instructions of `account.add` and `account.budget` at a million
facts are at most twice those at ten thousand, for each kind of fact."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL, LARGE = 10_000, 1_000_000
MOST = 2.0


def counts(program, facts):
    done = subprocess.run([program, str(facts)], stdout=subprocess.PIPE, text=True, check=True)
    return {name: int(count) for name, count in (line.split("\t") for line in done.stdout.splitlines())}


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # As users run it. Loose facts need no ledger, so SQLite is not compiled a second time.
    build = ["cargo", "build", "--quiet", "--release", "-p", "opsledger", "--no-default-features", "--example", "one_fact"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = target / "release" / "examples" / "one_fact"
    small, large = counts(program, SMALL), counts(program, LARGE)
    if not small or small.keys() != large.keys():
        print(f"not the same kinds: {sorted(small)} and {sorted(large)}")
        print("0 passed, 1 failed")
        return 1
    passed = failed = 0
    print(f"{'kind':22} {SMALL:>12,} {LARGE:>12,}  ratio (at most {MOST})")
    for name, before in small.items():
        good = large[name] <= MOST * before
        print(f"{name:22} {before:12,} {large[name]:12,}  {large[name] / before:.2f}{'' if good else '  TOO MUCH'}")
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

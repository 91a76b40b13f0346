#!/usr/bin/env python3
"""A contract year of many facts: the assessment and the twelve monthly reports, time and memory of each.

    benches/year.py [FACTS] [OPSLEDGER]      (100000 target/release/opsledger; needs the ledger that `make demo` leaves)

The demo's year, in the order it was recorded, with requests, work logs, daily checks and shifts of further people between its
facts until there are so many. Every run reads and folds all of them again. Prints CPU time, wall time and peak memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEDGER = ROOT / "out/demo/year.ledger"
CONTRACT = ROOT / "out/demo/contract.toml"
MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12", *(f"2026-{m:02}" for m in range(1, 9))]
START = datetime.fromisoformat("2025-09-01T00:00:00+08:00")
END = "2026-09-14T10:02:00+08:00"


def stories(count):
    """Facts of a year with `count` of them, in the order they happen."""
    step = timedelta(days=364) / max(1, count // 6)
    for n in range(count // 6):
        at = START + n * step

        def fact(kind, subject, minutes, body, at=at):
            moment = (at + timedelta(minutes=minutes)).isoformat()
            actor = {"party": "supplier", "person": "工程师甲"}
            return {"kind": kind, "subject": subject, "at": moment, "recorded_at": moment, "actor": actor, "body": body}

        start, end = at.isoformat(), (at + timedelta(hours=8)).isoformat()
        yield fact("request.open", f"X-{n}", 0, {"type": "consult", "channel": "电话", "unit": "示例学院"})
        yield fact("request.answer", f"X-{n}", 5, {})
        yield fact("request.close", f"X-{n}", 9, {"confirmed_by": "测试员01"})
        yield fact("work.log", f"W-{n}", 10, {"asset": "示例主机", "action": "检查", "person": "工程师甲", "minutes": 5})
        yield fact("inspection.complete", f"V-{n}", 11, {"type": "daily", "parts": ["host", "database", "middleware"]})
        yield fact("duty.assign", f"S-{n}", 12, {"person": f"值班员{n % 50}", "role": "desk", "start": start, "end": end})


def year(program, facts, path):
    """Writes so many facts, the demo's with their entries' numbers moved."""
    shown = subprocess.run([program, "show", "--all", "--json", "--ledger", LEDGER], stdout=subprocess.PIPE, check=True)
    entries = [json.loads(line) for line in shown.stdout.splitlines()]
    lines = [(datetime.fromisoformat(e["recorded_at"]), e["seq"], {**e["fact"], "recorded_at": e["recorded_at"]}) for e in entries]
    more = sorted(stories(facts - len(lines)), key=lambda f: datetime.fromisoformat(f["at"]))
    lines += [(datetime.fromisoformat(f["recorded_at"]), None, f) for f in more]
    lines.sort(key=lambda line: line[0])
    moved = {seq: n for n, (_, seq, _) in enumerate(lines, 1) if seq}
    with open(path, "w", encoding="utf-8") as out:
        for _, _, fact in lines:
            fact.pop("claimed_recorded_at", None)
            body = fact.get("body", {})
            for name in ("entry", "from", "to"):
                if fact["kind"].startswith(("fact.", "dispute.")) and name in body:
                    body[name] = moved[body[name]]
            out.write(json.dumps(fact, ensure_ascii=False) + "\n")
    return len(lines)


def measured(command):
    """CPU and wall time in s, peak memory in MB, exit status."""
    timed = ["/usr/bin/env", "python3", "-c", CHILD, *map(str, command)]
    done = subprocess.run(timed, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


CHILD = """
import json, resource, subprocess, sys, time
t = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([use.ru_utime + use.ru_stime, time.monotonic() - t, use.ru_maxrss / 1024, status]))
"""


def main():
    facts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    program = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "target/release/opsledger").resolve()
    os.environ["OPSLEDGER_CONTRACT"] = str(CONTRACT)
    with tempfile.TemporaryDirectory(prefix="opsledger-year-") as folder:
        path = Path(folder) / "facts.jsonl"
        count = year(program, facts, path)
        print(f"{count} facts, {path.stat().st_size / 1e6:.1f} MB")
        print(f"{'':28}{'CPU s':>8}{'wall s':>8}{'MB':>8}  exit status")
        row = lambda name, m: print(f"{name:28}{m[0]:8.2f}{m[1]:8.2f}{m[2]:8.0f}  {m[3]}")
        row("assess --json", measured([program, "assess", "--facts", path, "--as-of", END, "--json"]))
        total = [0.0, 0.0, 0.0, 0]
        for month in MONTHS:
            out = Path(folder) / month
            m = measured([program, "report", "monthly", "--facts", path, "--month", month, "--out", out, "--lang", "zh"])
            if m[3] != 0 or len(list(out.glob("*"))) != 3:
                sys.exit(f"{month}: exit status {m[3]}, {sorted(p.name for p in out.glob('*'))}")
            row(f"report monthly {month}", m)
            total = [total[0] + m[0], total[1] + m[1], max(total[2], m[2]), 0]
        row("twelve monthly reports", total)


if __name__ == "__main__":
    main()

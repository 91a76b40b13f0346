"""What several test files need: paths, instants, a small contract."""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(os.environ.get("OPSLEDGER_CASES", ROOT / "tests/cases/accounting.json"))
CST = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN = 2**63 - 1
HOUR = 3_600_000_000

CONTRACT = """\
format = 1
id = "t-2026"
title = "测试合同"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[[calendar]]
id = "7x24"
[[calendar]]
id = "7x8"
open = { every-day = ["09:00-17:00"] }
[[calendar]]
id = "workdays"
open = { workday = ["08:30-12:00", "14:00-17:30"] }
holidays = "CN"
[[clause]]
id = "long"
ref = "二.4.(3)①"
rule = "outage-count"
at_least = "1h"
max = 2
[[clause]]
id = "short"
rule = "outage-count"
below = "1h"
max = 5
[[clause]]
id = "downtime"
rule = "downtime"
max = "10h"
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
calendar = "7x24"
"""


def at(text: str) -> datetime:
    """An instant of the contract's zone: `03-02 08:10[:00[.000000]]` of 2026, or RFC 3339."""
    if "T" in text:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=CST)


def us(instant: datetime) -> int:
    """Microseconds since 1970, in integers."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def outage(subject: str, start: str, end: str | None = None, system: str = "portal") -> list[dict[str, object]]:
    """The facts of one outage, recorded as they happen."""
    facts: list[dict[str, object]] = [
        {"kind": "outage.start", "subject": subject, "at": at(start), "body": {"system": system}}
    ]
    if end is not None:
        facts.append({"kind": "outage.end", "subject": subject, "at": at(end)})
    return facts


def json_lines(facts: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)


def vectors(name: str) -> Any:
    return json.loads((ROOT / "tests/vectors" / name).read_text(encoding="utf-8"))

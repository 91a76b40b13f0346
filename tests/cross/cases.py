#!/usr/bin/env python3
"""The shared cases (accounting, working time, rules), through any language that speaks a small protocol.

    tests/cross/cases.py COMMAND ...      (OPSLEDGER_CASES names one file of cases instead of all)

COMMAND is a driver: it reads requests from stdin and answers each on stdout. A request is a line, for `contract` and `facts`
followed by as many bytes as it says; an answer is `ok N` or `error N`, a newline, and N bytes.

    contract N                        the contract of what follows
    facts N                           a fresh account of it, with these facts (JSON Lines)
    assess AS_OF KNOWN_AT VIEW        the assessment (JSON)
    budget AS_OF KNOWN_AT VIEW        the flat figures, a line `name value` each, without those that are absent
    between CALENDAR START END        working time, microseconds
    add CALENDAR START MICROSECONDS   an instant, microseconds
    append N                          the fact that is stored last after appending these lines to the ledger

Instants in requests are RFC 3339. Read here: the cases of tests/cases, and of tests/vectors the statutory calendar, the
working time of another tool and the canonical text of facts. (Figures of other tools that need an account are held in Rust.) Every figure that a case expects is compared; an expectation that this file does not know is a
failure. The last line is `N passed, M failed`.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import vectors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests/cases"
NAMED = os.environ.get("OPSLEDGER_CASES")
FILES = [Path(NAMED)] if NAMED else sorted(FOLDER.glob("*.json")) + sorted(FOLDER.glob("rules/*.json"))
DECIMALS = ("value", "availability", "off")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICRO = timedelta(microseconds=1)

class Refusal(Exception):
    """An error of the library: status and message."""


class Driver:
    """A process of another language, and the requests it understands."""

    def __init__(self, command):
        self.folder = tempfile.TemporaryDirectory(prefix="opsledger-cases-")
        command = [*command, str(Path(self.folder.name) / "books")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line, payload=b""):
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()
        head = self.process.stdout.readline().split()
        if len(head) != 2 or head[0] not in (b"ok", b"error"):
            sys.exit(f"the driver answered {head!r} to {line!r} and ended with {self.process.poll()}")
        body = self.process.stdout.read(int(head[1])).decode()
        if head[0] == b"error":
            raise Refusal(*body.split(" ", 1))
        return body

    def account(self, contract, facts):
        for name, text in (("contract", contract), ("facts", facts)):
            payload = text.encode()
            self.ask(f"{name} {len(payload)}", payload)

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=60)
        self.folder.cleanup()
        return status


def instant(text):
    return None if text is None else datetime.fromisoformat(text)


def is_instant(text):
    return len(text) > 19 and text[10] == "T"


def micros(text):
    return None if text is None else (instant(text) - EPOCH) // MICRO


def same(got, expected, key=None):
    """Instants are compared as instants, decimals as decimals, objects and lists member by member."""
    if isinstance(expected, str) and isinstance(got, str) and got != expected:
        try:
            return Decimal(got) == Decimal(expected) if key in DECIMALS else instant(got) == instant(expected)
        except (ValueError, ArithmeticError):
            return False
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(k in got and same(got[k], v, k) for k, v in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(same(g, e, key) for g, e in zip(got, expected))
    return type(got) is type(expected) and got == expected


def parts(document):
    """The assessment in the shape that cases expect."""
    clauses = {clause["id"]: clause for clause in document["clauses"]}

    def clocks(clause):
        return {c["subject"]: c for c in clauses[clause]["detail"]["cases"]} if clause in clauses else {}

    limits = [c for c in ("long", "short", "downtime") if c in clauses]
    return {
        "outages": document["outages"],
        "breached_at": {c: clauses[c]["breached_at"] for c in limits},
        "forecast_breach_at": {c: clauses[c]["forecast_breach_at"] for c in limits},
        "respond": clocks("respond"),
        "repair": clocks("repair"),
        "streak": clauses.get("streak"),
    }


def flat(document):
    """What the flat figures must be, by the document."""
    clauses = {clause["id"]: clause for clause in document["clauses"]}
    forecasts = [micros(c["forecast_breach_at"]) for c in document["clauses"] if c["forecast_breach_at"]]
    status = ["not-due", "met", "waived", "at-risk", "no-evidence", "breached"].index(document["status"])
    wanted = {
        "as_of": micros(document["as_of"]),
        "known_at": micros(document["known_at"]),
        "status": status,
        "long_count": clauses["long"]["value"],
        "long_max": clauses["long"]["limit"],
        "short_count": clauses["short"]["value"],
        "short_max": clauses["short"]["limit"],
        "pending_count": document["outages"]["pending"],
        "downtime_us": clauses["downtime"]["value"],
        "downtime_max_us": clauses["downtime"]["limit"],
        "remaining_us": clauses["downtime"]["margin"],
        "next_breach_at": min(forecasts, default=None),
        "head_seq": document["head"] and document["head"]["seq"],
    }
    return {name: value for name, value in wanted.items() if value is not None}


def compare(document, budget, expected):
    """What differs, in words."""
    got, wrong = parts(document), []
    for key, wanted in expected.items():
        if key not in got:
            wrong.append(f"unknown expectation {key}")
        elif key in ("respond", "repair") and got[key].keys() != wanted.keys():
            wrong.append(f"{key}: cases {sorted(got[key])} for {sorted(wanted)}")
        elif not same(got[key], wanted):
            wrong += [f"{key}: {got[key] and got[key].get(k)} for {v}" for k, v in wanted.items() if not same(got[key] and got[key].get(k), v)]
    if budget != (wanted := flat(document)):
        wrong.append(f"budget: {budget} for {wanted}")
    return wrong


def run_case(driver, case, spoiled=None):
    lines = "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in case["facts"])
    driver.account(case["contract"], lines)
    wrong = []
    for ask in case["asks"]:
        question = f"{ask['as_of']} {ask['known_at']} agreed"
        document = json.loads(driver.ask(f"assess {question}"))
        budget = {k: int(v) for k, v in (line.split() for line in driver.ask(f"budget {question}").splitlines())}
        wrong += [f"{question}: {text}" for text in compare(document, budget, ask["expect"])]
        if spoiled is not None:
            spoiled.append((document, budget, ask["expect"]))
    return wrong


def compare_clauses(document, expected):
    """What differs in the clauses, in words."""
    clauses, wrong = {clause["id"]: clause for clause in document["clauses"]}, []
    for clause, wanted in expected.items():
        got = clauses.get(clause, {})
        wrong += [f"{clause}.{k}: {got.get(k)} for {v}" for k, v in wanted.items() if not same(got, {k: v})]
    return wrong


def run_rules(driver, case, spoiled=None):
    lines = "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in case["facts"])
    driver.account(case["contract"], lines)
    wrong = []
    for ask in case["asks"]:
        question = f"{ask['as_of']} {ask['known_at']} {ask.get('view', 'agreed')}"
        document = json.loads(driver.ask(f"assess {question}"))
        found = compare_clauses(document, ask["expect"])
        wrong += [f"{question}: {text}" for text in found]
        if spoiled is not None and not found:
            spoiled.append((document, ask["expect"]))
    return wrong


def run_working(driver, case):
    got = {
        "working_us": int(driver.ask(f"between {case['calendar']} {case['start']} {case['end']}")),
        "add_gives": int(driver.ask(f"add {case['calendar']} {case['start']} {case['add_us']}")),
    }
    wanted = {"working_us": case["working_us"], "add_gives": micros(case["add_gives"])}
    return [] if got == wanted else [f"{got} for {wanted}"]


def spoil(holder, key):
    """Changes the first leaf under `holder[key]`."""
    value = holder[key]
    if isinstance(value, (dict, list)) and value:
        spoil(value, next(iter(value)) if isinstance(value, dict) else 0)
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, int):
        holder[key] = value + 1
    elif isinstance(value, str) and is_instant(value):
        holder[key] = (instant(value) + MICRO).isoformat()
    else:
        holder[key] = "2026-01-01T00:00:00+08:00" if value is None else f"{value}?"


def sees_wrong_figures(seen):
    """One expectation changed by one unit is found, in every part of what is expected."""
    blind = {"budget": False}
    for document, budget, expected in seen:
        for key in expected:
            if expected[key] and not blind.get(key):
                changed = copy.deepcopy(expected)
                spoil(changed, key)
                blind[key] = not compare(document, budget, changed)
        off = dict(budget, downtime_us=budget["downtime_us"] + 1)
        blind["budget"] |= not compare(document, off, {})
    return [f"a wrong {key} is not seen" for key, missed in blind.items() if missed]


def sees_wrong_clauses(seen):
    """One field of a clause changed by one unit is found, in each field that is expected."""
    missed = set()
    for document, expected in seen:
        for clause, wanted in expected.items():
            for key in wanted:
                changed = copy.deepcopy(expected)
                spoil(changed[clause], key)
                if changed != expected and not compare_clauses(document, changed):
                    missed.add(key)
    return [f"a wrong {key} is not seen" for key in sorted(missed)]


def main(command):
    if not command:
        sys.exit(__doc__)
    data = {"accounting": [], "working_time": [], "rules": []}
    for path in FILES:
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            data[key] = data[key] + value if isinstance(data.get(key), list) else value
    driver = Driver(command)
    results, seen, seen_clauses = {}, [], []

    def check(name, run, *arguments):
        try:
            results[name] = run(driver, *arguments)
        except Refusal as refusal:
            results[name] = [f"{refusal}"]

    for case in data["accounting"]:
        check(case["name"], run_case, case, seen if len(seen) < 40 else None)
    for case in data["rules"]:
        check(case["name"], run_rules, case, seen_clauses if len(seen_clauses) < 40 else None)
    results["this runner"] = sees_wrong_figures(seen) + sees_wrong_clauses(seen_clauses)
    if data["working_time"]:
        driver.account(vectors.frame("Asia/Shanghai", data["calendars"]), "")
    for case in data["working_time"]:
        check(case["name"], run_working, case)
    cases = len(results) - 1
    for name, run, *arguments in vectors.all_of_them(Refusal):
        check(name, run, *arguments)
    results["the driver's end"] = [f"status {status}"] if (status := driver.close()) else []
    failed = {name: wrong for name, wrong in results.items() if wrong}
    for name, wrong in list(failed.items())[:10]:
        print(f"{name}: " + "; ".join(wrong[:3]))
    print(f"{cases} cases of {len(FILES)} files and {len(results) - cases - 2} vectors through {command[0]}")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not data["accounting"] + data["rules"] else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(arguments[1:] if arguments[:1] == ["--"] else arguments))

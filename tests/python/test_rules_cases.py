"""The cases of the rules (tests/cases/rules.json and tests/cases/rules/*.json), through Python's own types.

`OPSLEDGER_CASES` names one file instead. Every field that a case expects is compared; one this runner does not know fails it.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from opsledger import Account, Clause, Contract
from support import ROOT
from test_cases import instant, spoil

NAMED = os.environ.get("OPSLEDGER_CASES")
FOLDER = ROOT / "tests/cases"
FILES = [Path(NAMED)] if NAMED else [FOLDER / "rules.json", *sorted(FOLDER.glob("rules/*.json"))]
DECIMALS = ("availability", "off")
INSTANTS = ("breached_at", "forecast_breach_at")
PLAIN = ("status", "breaches", "unit", "detail")


def cases(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")).get("rules", [])
    if not found:
        pytest.skip(f"{path} has no cases of the rules")
    return found


def same(got: Any, expected: Any, key: str = "") -> bool:
    """As in the document: instants are compared as instants, decimals as decimals, lists and objects member by member."""
    if isinstance(expected, str) and isinstance(got, str) and got != expected:
        try:
            return Decimal(got) == Decimal(expected) if key in DECIMALS else instant(got) == instant(expected)
        except (ValueError, InvalidOperation):
            return False
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(k in got and same(got[k], v, k) for k, v in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(same(g, e) for g, e in zip(got, expected, strict=True))
    return type(got) is type(expected) and got == expected


def value(clause: Clause, expected: Any) -> Any:
    """What is expected in the type that the clause's unit has."""
    if expected is None:
        return None
    if clause.unit == "us":
        return timedelta(microseconds=expected)
    return Decimal(expected) if clause.unit == "points" else expected


def difference(clause: Clause, key: str, expected: Any) -> str | None:
    got = getattr(clause, key)
    if key == "value":
        wanted = value(clause, expected)
        same_one = type(got) is type(wanted) and got == wanted
    elif key in INSTANTS:
        same_one = got == instant(expected)
    elif key in PLAIN:
        same_one = same(got, expected)
    else:
        return f"unknown expectation {key}"
    return None if same_one else f"{clause.id}.{key}: {got} for {expected}"


def differences(case: dict[str, Any]) -> list[str]:
    account = Account(Contract.parse(case["contract"]))
    account.add("".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in case["facts"]))
    wrong = []
    for ask in case["asks"]:
        assessment = account.assess(instant(ask["as_of"]), instant(ask["known_at"]), view=ask.get("view", "agreed"))
        clauses = {clause.id: clause for clause in assessment.clauses}
        found = [difference(clauses[id], key, v) for id, wanted in ask["expect"].items() for key, v in wanted.items()]
        wrong += [f"{case['name']} as of {ask['as_of']} known at {ask['known_at']}: {text}" for text in found if text]
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_cases_of_the_rules(path: Path) -> None:
    wrong = {case["name"]: found for case in cases(path) if (found := differences(case))}
    listed = "\n".join(line for found in list(wrong.values())[:5] for line in found[:3])
    assert not wrong, f"{len(wrong)} of {len(cases(path))} cases; the first differences:\n{listed}"


@pytest.mark.skipif(NAMED is not None, reason="another file was named")
def test_the_files_are_whole() -> None:
    assert len(cases(FILES[0])) == 60
    rules = ["availability", "coverage", "documents", "findings", "judgement", "recurring", "score", "sequence"]
    assert {path.stem for path in FILES} >= set(rules)
    for path in FILES[1:]:
        for case in cases(path):
            assert all(ask["why"] and ask["expect"] for ask in case["asks"]), case["name"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_runner_sees_a_wrong_field(path: Path) -> None:
    """One field of a clause changed by one unit is found."""
    case = cases(path)[0]
    for number, ask in enumerate(case["asks"]):
        for clause, wanted in ask["expect"].items():
            for key in wanted:
                changed = json.loads(json.dumps({**case, "asks": [ask]}))
                holder = changed["asks"][0]["expect"][clause]
                if key == "value" and isinstance(holder[key], str | None):
                    holder[key] = str(Decimal(holder[key] or 0) + 1) if holder[key] else 1
                else:
                    spoil(holder, key)
                assert differences(changed), (number, clause, key)

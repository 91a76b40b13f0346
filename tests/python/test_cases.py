"""The shared accounting cases (`OPSLEDGER_CASES` names another file), through Python's own types.

Every figure that a case expects is compared; an expectation this runner does not know fails it.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from opsledger import Account, Assessment, Budget, Contract
from support import CASES

MICRO = timedelta(microseconds=1)


def accounting() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8")).get("accounting", [])
    if not cases:
        pytest.skip(f"{CASES} has no accounting cases")
    return cases


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def same(got: Any, expected: Any) -> bool:
    """Instants are compared as instants, lists and objects member by member."""
    if isinstance(expected, str) and isinstance(got, str) and "T" in expected and expected != got:
        return instant(got) == instant(expected)
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(k in got and same(got[k], v) for k, v in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(same, got, expected))
    return type(got) is type(expected) and got == expected


def outages(assessment: Assessment, expected: Any) -> list[str]:
    got = assessment["outages"]
    return [f"outages.{k}: {got.get(k)} for {v}" for k, v in expected.items() if not same(got.get(k), v)]


def instants_of(attribute: str) -> Callable[[Assessment, Any], list[str]]:
    def check(assessment: Assessment, expected: Any) -> list[str]:
        clauses = {clause.id: clause for clause in assessment.clauses}
        wrong = []
        for clause, text in expected.items():
            got = getattr(clauses[clause], attribute)
            if got != instant(text):
                wrong.append(f"{attribute} of {clause}: {got} for {text}")
        return wrong

    return check


def clocks(clause: str) -> Callable[[Assessment, Any], list[str]]:
    def check(assessment: Assessment, expected: Any) -> list[str]:
        (verdict,) = (c for c in assessment.clauses if c.id == clause)
        got = {case["subject"]: case for case in verdict.detail["cases"]}
        if got.keys() != expected.keys():
            return [f"{clause}: cases {sorted(got)} for {sorted(expected)}"]
        return [f"{clause} {s}: {got[s]} for {e}" for s, e in expected.items() if not same(got[s], e)]

    return check


def streak(assessment: Assessment, expected: Any) -> list[str]:
    (verdict,) = (c for c in assessment.clauses if c.id == "streak")
    got = {"value": verdict.value, "breached_at": verdict.breached_at}
    wanted = {"value": expected["value"], "breached_at": instant(expected["breached_at"])}
    return [] if got == wanted else [f"streak: {got} for {wanted}"]


CHECKS: dict[str, Callable[[Assessment, Any], list[str]]] = {
    "outages": outages,
    "breached_at": instants_of("breached_at"),
    "forecast_breach_at": instants_of("forecast_breach_at"),
    "respond": clocks("respond"),
    "repair": clocks("repair"),
    "streak": streak,
}


def flat(budget: Budget, assessment: Assessment) -> list[str]:
    """The flat figures say what the document says."""
    wanted: dict[str, Any] = {
        "status": assessment.status,
        "as_of": assessment.as_of,
        "known_at": assessment.known_at,
        "pending_count": assessment["outages"]["pending"],
        "next_breach_at": min((c.forecast_breach_at for c in assessment.clauses if c.forecast_breach_at), default=None),
        "head_seq": None,
    }
    for clause in assessment.clauses:
        if clause.id in ("long", "short"):
            wanted |= {f"{clause.id}_count": clause.value, f"{clause.id}_max": clause.limit}
        elif clause.id == "downtime":
            wanted |= {"downtime": clause.value, "downtime_max": clause.limit, "remaining": clause.margin}
    return [f"budget.{k}: {getattr(budget, k)} for {v}" for k, v in wanted.items() if getattr(budget, k) != v]


def differences(case: dict[str, Any]) -> list[str]:
    account = Account(Contract.parse(case["contract"]))
    account.add("".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in case["facts"]))
    wrong = []
    for ask in case["asks"]:
        as_of, known_at = datetime.fromisoformat(ask["as_of"]), datetime.fromisoformat(ask["known_at"])
        view = ask.get("view", "agreed")
        assessment = account.assess(as_of, known_at, view=view)
        found = flat(account.budget(as_of, known_at, view=view), assessment)
        for key, expected in ask["expect"].items():
            found += CHECKS[key](assessment, expected) if key in CHECKS else [f"unknown expectation {key}"]
        wrong += [f"{case['name']} as of {ask['as_of']} known at {ask['known_at']}: {text}" for text in found]
    return wrong


def test_the_accounting_cases() -> None:
    cases = accounting()
    wrong = {case["name"]: found for case in cases if (found := differences(case))}
    passed = len(cases) - len(wrong)
    listed = "\n".join(line for found in list(wrong.values())[:5] for line in found[:3])
    assert not wrong, f"{passed} of {len(cases)} cases; the first differences:\n{listed}"


@pytest.mark.skipif("OPSLEDGER_CASES" in os.environ, reason="another file was named")
def test_the_file_is_whole() -> None:
    data = json.loads(CASES.read_text(encoding="utf-8"))
    assert (len(data["accounting"]), len(data["working_time"])) == (150, 150)


def test_the_runner_sees_a_wrong_figure() -> None:
    """One expectation changed by one unit is found, in every part of what is expected."""
    case = accounting()[0]
    assert differences(case) == []
    for key in CHECKS:
        changed = json.loads(json.dumps(case))
        ask = next((a for a in changed["asks"] if a["expect"].get(key)), None)
        if ask is None:
            continue
        spoil(ask["expect"], key)
        assert differences(changed), key


def spoil(holder: Any, key: Any) -> None:
    """Changes the first leaf under `holder[key]`."""
    value = holder[key]
    if isinstance(value, dict) and value:
        spoil(value, next(iter(value)))
    elif isinstance(value, list) and value:
        spoil(value, 0)
    elif isinstance(value, dict | list):
        holder[key] = [value]
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, int):
        holder[key] = value + 1
    elif value is None:
        holder[key] = "2026-01-01T00:00:00+08:00"
    elif "T" in value:
        holder[key] = (datetime.fromisoformat(value) + MICRO).isoformat()
    else:
        holder[key] = value + "?"


@pytest.mark.parametrize("value", [1, "x", None, True, [1], {"a": 1}])
def test_same_is_not_easily_pleased(value: Any) -> None:
    assert same(value, value)
    for other in [2, "y", None, False, [2], {"a": 2}, [], {}]:
        if other not in ({}, value):
            assert not same(value, other)

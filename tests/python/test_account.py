"""Accounts from Python: loose facts, a ledger, the two views, the document."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from opsledger import Account, ClosedError, Contract, InputError, Ledger, NotFoundError
from support import CONTRACT, at, outage


def test_figures_in_python_s_types(account: Account) -> None:
    assert account.add(outage("O-1", "03-02 08:10", "03-02 09:40") + outage("O-2", "03-03 08:00", "03-03 08:30")) == 4
    assert account.add(outage("O-3", "03-04 08:00")) == 1
    as_of = at("03-04 08:20")
    budget = account.budget(as_of, as_of)
    assert (budget.as_of, budget.known_at, budget.as_of.tzinfo) == (as_of, as_of, UTC)
    assert (budget.long_count, budget.long_max, budget.short_count, budget.short_max) == (1, 2, 1, 5)
    assert (budget.pending_count, budget.head_seq) == (1, None)
    assert budget.downtime == timedelta(hours=2, minutes=20)
    assert budget.downtime_max == timedelta(hours=10)
    assert budget.remaining == timedelta(hours=7, minutes=40)
    assert budget.next_breach_at == at("03-04 16:00")
    assert budget.status in ("met", "at-risk", "no-evidence")
    assert budget == account.budget(as_of, as_of) and budget != account.budget(as_of - timedelta(minutes=1), as_of)
    assert "long 1 of 2" in repr(budget)


def test_clauses_and_document(account: Account) -> None:
    account.add(outage("O-1", "03-02 08:10", "03-02 09:40"))
    account.add(
        [
            {"kind": "incident.report", "subject": "I-1", "at": at("03-05 08:00"), "body": {"severity": "major", "affects_use": True}},
            {"kind": "incident.respond", "subject": "I-1", "at": at("03-05 09:30")},
        ]
    )
    assessment = account.assess(at("03-06 00:00"), at("03-06 00:00"))
    by_id = {clause.id: clause for clause in assessment.clauses}
    assert list(by_id) == ["long", "short", "downtime", "respond"]
    assert assessment.status == "breached" and assessment.view == "agreed"
    down = by_id["downtime"]
    assert (down.unit, down.value, down.limit, down.margin) == ("us", timedelta(minutes=90), timedelta(hours=10), timedelta(hours=8, minutes=30))
    long = by_id["long"]
    assert (long.unit, long.value, long.limit, long.margin, long.ref) == ("count", 1, 2, 1, "二.4.(3)①")
    respond = by_id["respond"]
    assert (respond.status, respond.breaches, respond.breached_at, respond.rule) == ("breached", 1, at("03-05 09:00"), "deadline")
    assert respond.forecast_breach_at is None and not respond.assumed
    assert respond.detail["cases"][0]["subject"] == "I-1" and down.detail is None
    assert respond.text_zh and respond.text_en and respond.evidence == [3, 4]
    document = json.loads(assessment.json)
    assert assessment.to_dict() == document and assessment.to_dict() is not assessment.to_dict()
    assert list(assessment) == assessment.keys() == list(document) and len(assessment) == len(document)
    assert dict(assessment) == document
    assert assessment["outages"]["long"] == 1 and "outages" in assessment and "nothing" not in assessment
    with pytest.raises(KeyError):
        assessment["nothing"]
    assert document["as_of"] == "2026-03-06T00:00:00+08:00"
    assert assessment.availability_elapsed == Decimal(document["outages"]["availability_elapsed"])
    assert isinstance(assessment.availability_eligible, Decimal)


def floats(value: Any) -> list[Any]:
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [f for v in value.values() for f in floats(v)]
    return [f for v in value for f in floats(v)] if isinstance(value, list) else []


def test_no_float_anywhere(account: Account) -> None:
    account.add(outage("O-1", "03-02 08:10:00.000001", "03-02 09:40"))
    assert floats(account.assess().to_dict()) == []


def test_outages_listed(account: Account) -> None:
    account.add(
        [
            *outage("O-1", "03-02 08:10", "03-02 09:40"),
            {"kind": "outage.start", "subject": "O-2", "at": at("03-03 08:00"), "body": {"system": "api", "attribution": "buyer", "cause": "power"}},
        ]
    )
    one, two = account.outages()
    assert (one.subject, one.system, one.start, one.end, one.counted, one.entry) == (
        "O-1", "portal", at("03-02 08:10"), at("03-02 09:40"), True, 1,
    )  # fmt: skip
    assert (two.end, two.attribution, two.cause, two.counted, two.impact) == (None, "buyer", "power", False, "down")
    assert one == account.outages()[0] and one != two


def test_defaults_of_loose_facts(account: Account) -> None:
    account.add(outage("O-1", "03-02 08:10", "03-02 09:40"))
    budget = account.budget()
    assert budget.as_of == budget.known_at == at("03-02 09:40")


def test_as_of_after_known_at(account: Account) -> None:
    with pytest.raises(InputError) as caught:
        account.budget(at("03-03 00:00"), at("03-02 00:00"))
    assert caught.value.code == "as-of-after-known-at"


def test_order_and_all_or_none(account: Account) -> None:
    account.add(outage("O-1", "03-02 08:10"))
    with pytest.raises(InputError) as caught:
        account.add(outage("O-2", "03-01 08:10"))
    assert caught.value.code == "not-in-order" and caught.value.row == 1
    with pytest.raises(InputError) as caught:
        account.add([*outage("O-3", "03-04 08:10"), {"kind": "nothing", "subject": "s", "at": at("03-05 08:10")}])
    assert (caught.value.code, caught.value.row) == ("unknown-kind", 2)
    assert [o.subject for o in account.outages()] == ["O-1"]


def test_contradictions_become_faults(account: Account) -> None:
    account.add([*outage("O-1", "03-02 08:10"), *outage("O-1", "03-02 09:10")])
    (fault,) = account.assess()["faults"]
    assert (fault["code"], fault["subject"], fault["seq"]) == ("second-start", "O-1", 2)


def test_two_views() -> None:
    contract = Contract.parse(CONTRACT.replace("[[calendar]]", '[agreement]\nneeds = ["outage.void"]\n[[calendar]]', 1))
    account = Account(contract)
    account.add(
        [
            *outage("O-1", "03-02 08:10", "03-02 09:40"),
            {
                "kind": "outage.void", "subject": "O-1", "at": at("03-03 08:00"),
                "body": {"reason": "wrong system"}, "actor": {"party": "supplier"},
            },
        ]
    )  # fmt: skip
    assert account.budget(view="agreed").long_count == 1
    assert account.budget(view="claimed").long_count == 0
    assert account.assess()["unconfirmed"] == [3]
    account.add([{"kind": "fact.confirm", "at": at("03-04 08:00"), "body": {"entry": 3}, "actor": {"party": "buyer"}}])
    assert account.budget().long_count == 0
    with pytest.raises(InputError) as caught:
        account.budget(view="mine")  # type: ignore[arg-type]
    assert caught.value.code == "unknown-word"


def test_follows_a_ledger(contract: Contract, ledger: Ledger, ledger_path: Path) -> None:
    account = Account(contract, ledger)
    assert account.budget(at("03-05 00:00")).long_count == 0
    ledger.append(outage("O-1", "03-02 08:10", "03-02 09:40"))
    budget = account.budget()
    assert (budget.long_count, budget.head_seq) == (1, 2)
    assert budget.known_at >= ledger.head().recorded_at
    assert account.budget(head=1).head_seq == 1
    assert account.assess()["head"] == {"seq": 2, "sm3": ledger.head().sm3}
    with pytest.raises(InputError) as caught:
        account.add(outage("O-2", "03-03 08:10"))
    assert caught.value.code == "bad-request"
    with Ledger.open(ledger_path) as other:
        other.append(outage("O-2", "03-03 08:10", "03-03 09:40"))
    assert account.budget().long_count == 2
    # recorded now, so nothing of it was known in the past
    assert account.budget(at("03-05 00:00"), at("03-05 00:00")).long_count == 0


def test_the_contract_a_ledger_adopted(contract: Contract, ledger: Ledger) -> None:
    with pytest.raises(NotFoundError):
        Account(ledger=ledger)
    ledger.append(
        [{"kind": "contract.adopt", "subject": contract.id, "at": at("01-01 00:00"), "body": {"sm3": contract.sm3, "text": contract.text, "from": "2026-01-01"}}]
    )
    account = Account(ledger=ledger)
    assert account.contract.sm3 == contract.sm3
    assert account.budget(at("03-05 00:00")).long_max == 2


def test_needs_something(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="contract"):
        Account()
    with pytest.raises(TypeError):
        Account("format = 1")  # type: ignore[arg-type]


def test_closed(contract: Contract, ledger: Ledger) -> None:
    with Account(contract) as account:
        account.add(outage("O-1", "03-02 08:10"))
    account.close()
    calls: list[Callable[[], object]] = [account.budget, account.assess, account.outages, lambda: account.add(""), lambda: account.contract]
    for call in calls:
        with pytest.raises(ClosedError):
            call()
    ledger.close()
    with pytest.raises(ClosedError):
        Account(contract, ledger)


def test_threads_share_an_account(contract: Contract, ledger: Ledger) -> None:
    account = Account(contract, ledger)
    errors: list[BaseException] = []

    def write(t: int) -> None:
        try:
            for i in range(20):
                ledger.append(outage(f"O-{t}-{i}", "03-02 08:10", "03-02 09:40"))
        except BaseException as e:
            errors.append(e)

    def ask() -> None:
        try:
            last = 0
            for _ in range(50):
                head = account.budget().head_seq or 0
                assert head >= last
                last = head
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=write, args=(t,)) for t in range(3)] + [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert account.budget().head_seq == 120 and account.budget().long_count == 1

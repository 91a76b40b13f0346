"""What else an account is asked: registers, the due list, why, what changed, and lint."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from opsledger import Account, Contract, InputError, Ledger, NotFoundError, lint
from support import CONTRACT, at, outage

VIEWS = CONTRACT.replace("[accounting]", '[agreement]\nneeds = ["outage.void"]\n[accounting]')


@pytest.fixture
def busy() -> Account:
    account = Account(Contract.parse(VIEWS))
    void = {"kind": "outage.void", "subject": "O-1", "at": at("03-03 09:00"), "body": {"reason": "误报"}, "actor": {"party": "supplier"}}
    account.add([*outage("O-1", "03-02 08:00", "03-02 10:00"), void])
    account.add(
        [
            {"kind": "incident.report", "subject": "I-1", "at": at("03-04 08:00"), "body": {"severity": "major"}},
            {"kind": "incident.respond", "subject": "I-1", "at": at("03-04 08:20"), "body": {"person": "工程师甲"}},
            {"kind": "incident.report", "subject": "I-2", "at": at("03-04 09:00")},
        ]
    )
    return account


def test_due_list_and_calendar(busy: Account) -> None:
    due = busy.due(at("03-04 09:30"), within=timedelta(hours=1))
    assert [(i["reason"], i["case"], i["party"]) for i in due["items"]] == [("due", "I-2", "supplier"), ("confirm", "3", "buyer")]
    assert due["items"][0]["at"] == "2026-03-04T10:00:00+08:00" and due["until"] == "2026-03-04T10:30:00+08:00"
    assert [i["case"] for i in busy.due(at("03-04 09:30"), within=timedelta(minutes=29))["items"]] == ["3"]
    text = busy.due_ical(at("03-04 09:30"), within=timedelta(hours=1), lang="en")
    assert text.startswith("BEGIN:VCALENDAR\r\n") and text.count("BEGIN:VEVENT") == 1
    assert "DTSTART:20260304T020000Z\r\n" in text and "DTSTAMP:20260304T013000Z\r\n" in text
    assert text == busy.due_ical(at("03-04 09:30"), within=timedelta(hours=1), lang="en")
    assert busy.roster(at("03-04 09:30"))["shifts"] == []
    with pytest.raises(InputError):
        busy.due(at("03-04 09:30"), within=timedelta(hours=-1))


def test_explain(busy: Account) -> None:
    why = busy.explain("respond", as_of=at("03-04 09:30"))
    assert [(c["case"], c["status"], c["entries"]) for c in why["cases"]] == [("I-1", "met", [4, 5]), ("I-2", "running", [6])]
    assert "余 40 分" in why["cases"][0]["step"]["text_zh"] and [f["seq"] for f in why["facts"]] == [4, 5, 6]
    one = busy.explain("respond", "I-1", at("03-04 09:30"))
    assert [f["seq"] for f in one["facts"]] == [4, 5] and one["clause"]["id"] == "respond"
    left = busy.explain("long", as_of=at("03-04 09:30"))["left_out"]
    assert [(item["entry"], item["why"]) for item in left] == [(3, "unconfirmed")]
    with pytest.raises(NotFoundError, match="respond"):
        busy.explain("responds")


def test_register(busy: Account) -> None:
    rows = busy.register("incidents", at("03-04 09:30"))["rows"]
    assert [(r["subject"], r["cells"]["person"], r["cells"]["response"]) for r in rows] == [("I-1", "工程师甲", 20 * 60 * 1_000_000), ("I-2", None, None)]
    assert busy.register("outages", view="claimed")["rows"][0]["cells"]["state"] == "void"
    with pytest.raises(NotFoundError, match="incidents"):
        busy.register("incident")


def test_diff(busy: Account) -> None:
    learnt = busy.diff(known_at=(at("03-02 12:00"), at("03-04 12:00")), view="claimed")
    assert [c["clause"] for c in learnt["clauses"]] == ["long", "downtime"]
    assert learnt["clauses"][0]["because"] == [3] and [e["seq"] for e in learnt["entries"]] == [3, 4, 5, 6]
    views = busy.diff(view=("agreed", "claimed"))
    assert {"field": "value", "from": 1, "to": 0} in [{k: f[k] for k in ("field", "from", "to")} for f in views["clauses"][0]["figures"]]
    assert busy.diff()["clauses"] == []
    with pytest.raises(TypeError, match="pair"):
        busy.diff(head=(1, 2, 3))  # type: ignore[arg-type]


def test_lint(busy: Account, tmp_path: Path) -> None:
    def codes(document: dict[str, Any]) -> list[tuple[str, int]]:
        return [(f["code"], f["line"]) for f in document["findings"] if f["level"] != "note"]

    text = CONTRACT + '[[clause]]\nid = "again"\nref = "x"\ntext = "y"\nrule = "downtime"\nmax = "9h"\n'
    found = lint(text.encode(), file="c.toml")
    assert ("limits-contradict", len(text.splitlines())) in codes(found) and found["file"] == "c.toml"
    assert ("unused-calendar", CONTRACT.splitlines().index('id = "workdays"')) in codes(found)
    assert codes(lint("format = 2")) == [("contract-format", 1)]
    assert "nothing-recorded" not in dict(codes(busy.lint()))
    with Ledger.open(tmp_path / "l", create=True) as ledger, Account(Contract.parse(VIEWS), ledger) as empty:
        assert "nothing-recorded" in dict(codes(empty.lint()))

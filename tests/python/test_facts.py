"""Facts from dicts are the facts of the same JSON; what cannot be a fact is refused with place and value."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from opsledger import Account, Contract, InputError, Ledger
from support import CONTRACT, at, json_lines, outage

METRIC = {"kind": "metric.record", "subject": "m-1", "at": at("03-02 08:10")}


def stored(ledger: Ledger) -> list[str]:
    return [record.fact for record in ledger.read()]


def test_dicts_and_lines_are_one(ledger: Ledger) -> None:
    fact = {
        "kind": "outage.start",
        "subject": "O-1",
        "at": at("03-02 08:10:00.000001"),
        "body": {"system": "门户", "impact": "down", "n": 1, "flag": True, "list": [1, "a", {"b": False}], "q": '"\\\n\x01'},
        "actor": {"person": "张三", "party": "supplier"},
    }
    line = json.dumps(fact | {"at": "2026-03-02T08:10:00.000001+08:00", "subject": "O-2"}, ensure_ascii=False)
    ledger.append([fact])
    ledger.append(line)
    one, two = stored(ledger)
    assert one == two.replace("O-2", "O-1")
    assert '"at":"2026-03-02T00:10:00.000001Z"' in one


def test_lines_as_text_or_bytes(ledger: Ledger) -> None:
    text = json_lines([{"kind": "x.note", "subject": str(i), "at": "2026-03-02T08:10:00Z"} for i in range(3)])
    assert ledger.append(text) == [1, 2, 3]
    assert ledger.append(("\n" + text + "\n\n").encode()) == [4, 5, 6]
    assert ledger.append("") == [] and ledger.append([]) == [] and ledger.append("\n \n") == []


def test_any_mapping_and_any_iterable(ledger: Ledger) -> None:
    base = {"kind": "x.note", "subject": "s", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    mappings: list[Mapping[str, Any]] = [base, OrderedDict(base), MappingProxyType(base)]
    assert ledger.append(m for m in mappings) == [1, 2, 3]
    assert len(set(stored(ledger))) == 1


def test_numbers_of_other_libraries(ledger: Ledger) -> None:
    ledger.append(
        [{"kind": "x.n", "subject": "s", "at": at("01-01 00:00"), "body": {"a": np.int64(7), "b": np.int32(-1), "t": (1, 2)}}]
    )
    assert json.loads(stored(ledger)[0])["body"] == {"a": 7, "b": -1, "t": [1, 2]}


@pytest.mark.parametrize(
    ("value", "text"),
    [("93.5", "93.5"), ("93.50", "93.5"), ("1E+2", "100"), ("-0.0", "0"), ("0.000000001", "0.000000001"), ("7", "7")],
)
def test_decimals_become_their_plain_text(ledger: Ledger, value: str, text: str) -> None:
    ledger.append([METRIC | {"body": {"name": "cpu", "value": Decimal(value)}}])
    assert json.loads(stored(ledger)[0])["body"]["value"] == text


def test_dates_and_instants_inside_the_body(ledger: Ledger) -> None:
    ledger.append([METRIC | {"body": {"name": "cpu", "value": 1, "covers": date(2026, 3, 1), "seen": at("03-02 08:10")}}])
    body = json.loads(stored(ledger)[0])["body"]
    assert body["covers"] == "2026-03-01" and body["seen"] == "2026-03-02T00:10:00.000000Z"


class Odd:
    pass


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


LOOP: dict[str, Any] = {}
LOOP["again"] = LOOP

BAD_VALUES = [
    (1.5, "not-integer"),
    (float("nan"), "not-integer"),
    (2**53, "not-integer"),
    (2**70, "not-integer"),
    (None, "null-value"),
    (Decimal("NaN"), "bad-decimal"),
    (Decimal("1E+999999"), "bad-decimal"),
    (Odd(), "wrong-type"),
    (b"bytes", "wrong-type"),
    ({1: 2}, "wrong-type"),
    ("\ud800", "bad-utf8"),
    (datetime(2026, 1, 1), "naive-time"),
    (datetime(1800, 1, 1, tzinfo=UTC), "bad-time"),
    (nested(40), "too-deep"),
    (LOOP, "too-deep"),
]


@pytest.mark.parametrize(("value", "code"), BAD_VALUES, ids=[f"{code}-{i}" for i, (_, code) in enumerate(BAD_VALUES)])
def test_bad_values_say_where(ledger: Ledger, value: object, code: str) -> None:
    good = {"kind": "x.note", "subject": "s", "at": at("01-01 00:00")}
    with pytest.raises(InputError) as caught:
        ledger.append([good, good | {"body": {"list": [0, {"deep": value}]}}])
    assert caught.value.code == code
    if code != "naive-time":
        assert caught.value.row == 2
    assert "body.list[1].deep" in str(caught.value)
    assert ledger.head().seq == 0  # nothing of the batch


BAD_LINES = [
    ('{"kind":"outage.start"', "bad-json"),
    ("[1]", "bad-json"),
    ('{"kind":"outage.begin","subject":"O","at":"2026-01-01T00:00:00Z"}', "unknown-kind"),
    ('{"kind":"outage.end","subject":"O","at":"2026-01-01T00:00:00"}', "naive-time"),
    ('{"kind":"outage.end","subject":"O","at":"yesterday"}', "bad-time"),
    ('{"kind":"outage.start","subject":"O","at":"2026-01-01T00:00:00Z"}', "missing-field"),
    ('{"kind":"outage.end","subject":"O","at":"2026-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z"}', "stated-recorded-at"),
    ('{"kind":"outage.end","subject":"O","at":"2026-01-01T00:00:00Z","colour":"red"}', "unknown-field"),
    ('{"kind":"outage.end","subject":"O","subject":"P","at":"2026-01-01T00:00:00Z"}', "duplicate-json-key"),
    ('{"kind":"x.n","subject":"O","at":"2026-01-01T00:00:00Z","body":{"n":1.5}}', "not-integer"),
    ('{"kind":"x.n","subject":"O","at":"2026-01-01T00:00:00Z","body":{"n":null}}', "null-value"),
]


@pytest.mark.parametrize(("line", "code"), BAD_LINES, ids=[code for _, code in BAD_LINES])
def test_bad_lines_say_which(ledger: Ledger, line: str, code: str) -> None:
    good = '{"kind":"x.note","subject":"s","at":"2026-01-01T00:00:00Z"}'
    with pytest.raises(InputError) as caught:
        ledger.append(f"{good}\n\n{line}\n{good}\n")
    assert (caught.value.code, caught.value.row) == (code, 3)
    assert ledger.head().seq == 0


def test_bytes_that_are_not_utf8(ledger: Ledger) -> None:
    with pytest.raises(InputError) as caught:
        ledger.append(b'\n{"kind":"x.note","subject":"\xff"}')
    assert (caught.value.code, caught.value.row) == ("bad-utf8", 2)


def test_too_long(ledger: Ledger) -> None:
    with pytest.raises(InputError) as caught:
        ledger.append([{"kind": "x.note", "subject": "s", "at": at("01-01 00:00"), "body": {"t": "长" * 30_000}}])
    assert (caught.value.code, caught.value.row) == ("too-long", 1)


def test_one_dict_is_no_list(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="list"):
        ledger.append(outage("O", "03-02 08:10")[0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="fact 2"):
        ledger.append([outage("O", "03-02 08:10")[0], "text"])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        ledger.append(7)  # type: ignore[arg-type]


def test_an_error_of_the_caller_stays_his(ledger: Ledger) -> None:
    def facts() -> Any:
        yield outage("O", "03-02 08:10")[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ledger.append(facts())
    assert ledger.head().seq == 0


def test_loose_facts_take_dicts_and_lines() -> None:
    facts = outage("O-1", "03-02 08:10", "03-02 09:40")
    one, two = (Account(Contract.parse(CONTRACT)) for _ in range(2))
    assert one.add(facts) == 2
    assert two.add(json_lines([f | {"at": f["at"].isoformat()} for f in facts])) == 2  # type: ignore[attr-defined]
    assert one.assess().json == two.assess().json

"""Contracts: what is read, what is refused."""

import hashlib
from datetime import datetime
from pathlib import Path

import pytest
from opsledger import Contract, InputError, LedgerIOError, VersionError
from support import CONTRACT, CST


def test_what_it_says(contract: Contract) -> None:
    assert (contract.id, contract.title, contract.zone) == ("t-2026", "测试合同", "Asia/Shanghai")
    assert contract.text == CONTRACT
    assert contract.sm3 == hashlib.new("sm3", CONTRACT.encode()).hexdigest()
    start, end = contract.period
    assert start == datetime(2026, 1, 1, tzinfo=CST) and end == datetime(2027, 1, 1, tzinfo=CST)
    assert "t-2026" in repr(contract)


def test_text_bytes_and_file_are_one(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "合同.toml"
    path.write_bytes(CONTRACT.encode())
    assert Contract.parse(CONTRACT.encode()).sm3 == contract.sm3
    assert Contract.from_file(path).sm3 == contract.sm3
    assert Contract.from_file(str(path)).sm3 == contract.sm3


def test_messages_begin_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(CONTRACT.replace('"downtime"\nmax', '"downtime"\nmaks'), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Contract.from_file(path)
    assert caught.value.file == str(path) and str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerIOError, match="none.toml"):
        Contract.from_file(tmp_path / "none.toml")


BAD = [
    (CONTRACT.replace("max = 5", "mx = 5"), "contract-key"),
    (CONTRACT.replace("title", "titel", 1), "contract-key"),
    (CONTRACT.replace('rule = "downtime"', 'rule = "dountime"'), "contract-rule"),
    (CONTRACT.replace('"10h"', '"10 hours"'), "bad-duration"),
    (CONTRACT.replace('calendar = "7x24"', 'calendar = "7x25"'), "contract-reference"),
    (CONTRACT.replace('"2026-12-31"', '"2025-12-31"'), "contract-period"),
    (CONTRACT.replace("Asia/Shanghai", "Asia/Shanghia"), "bad-zone"),
    (CONTRACT + "max = = 1\n", "contract-syntax"),
    (CONTRACT.replace('id = "short"', 'id = "long"'), "contract-duplicate"),
    (CONTRACT.replace("format = 1\n", ""), "contract-missing"),
    (
        CONTRACT
        + '[[clause]]\nid = "a"\nrule = "streak"\nof = "b"\nlength = 3\n'
        + '[[clause]]\nid = "b"\nrule = "streak"\nof = "a"\nlength = 3\n',
        "contract-cycle",
    ),
]


@pytest.mark.parametrize(("text", "code"), BAD, ids=[code for _, code in BAD])
def test_bad_contracts_say_where(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        Contract.parse(text)
    assert caught.value.code == code
    assert caught.value.line is not None and caught.value.column is not None


def test_a_newer_format() -> None:
    with pytest.raises(VersionError) as caught:
        Contract.parse(CONTRACT.replace("format = 1", "format = 2"))
    assert caught.value.code == "contract-format"


def test_not_utf8() -> None:
    with pytest.raises(InputError) as caught:
        Contract.parse(CONTRACT.encode("gbk"))
    assert caught.value.code == "bad-utf8"
    with pytest.raises(InputError) as caught:
        Contract.parse("id = '\ud800'")
    assert caught.value.code == "bad-utf8"


def test_wrong_types() -> None:
    with pytest.raises(TypeError):
        Contract.parse(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Contract()

"""Exceptions: one class a category, made from the library's table."""

import pickle
from datetime import datetime

import opsledger
import pytest
from opsledger import ERROR_CODES, Contract, InputError, InternalError, LedgerIOError, OpsledgerError
from support import CONTRACT, CST

CLASSES = {
    "input": opsledger.InputError,
    "refused": opsledger.RefusedError,
    "conflict": opsledger.ConflictError,
    "not-found": opsledger.NotFoundError,
    "busy": opsledger.BusyError,
    "io": opsledger.LedgerIOError,
    "corrupt": opsledger.CorruptError,
    "version": opsledger.VersionError,
    "unsupported": opsledger.UnsupportedError,
    "closed": opsledger.ClosedError,
    "forked": opsledger.ForkedError,
    "disturbed": opsledger.DisturbedError,
    "cancelled": opsledger.CancelledError,
    "internal": opsledger.InternalError,
}


def test_every_code_has_the_class_of_its_category() -> None:
    assert set(ERROR_CODES.values()) == set(CLASSES.values())
    for category, cls in CLASSES.items():
        assert cls.category == category
        assert issubclass(cls, OpsledgerError)
        assert cls.__module__ == "opsledger" and cls.__doc__
    assert ERROR_CODES["naive-time"] is InputError
    assert ERROR_CODES["key-conflict"] is opsledger.ConflictError


def test_the_builtins_they_also_are() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(LedgerIOError, OSError)


def test_place_and_both_languages() -> None:
    with pytest.raises(InputError) as caught:
        Contract.parse(CONTRACT.replace("max = 5", "mx = 5"))
    error = caught.value
    line = CONTRACT[: CONTRACT.index("max = 5")].count("\n") + 1
    assert (error.code, error.category, error.row) == ("contract-key", "input", None)
    assert (error.file, error.line, error.column) == (None, line, 1)
    assert str(error) == error.text_en and "mx" in error.text_en and f"line {line}" in error.text_en
    assert "mx" in error.text_zh and f"第 {line} 行" in error.text_zh


def test_pickle_keeps_everything() -> None:
    with pytest.raises(InputError) as caught:
        Contract.parse("format = 1\nnonsense = 2\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is InputError
    assert (again.code, again.line, str(again)) == (caught.value.code, caught.value.line, str(caught.value))


def test_a_panic_becomes_an_internal_error(contract: Contract) -> None:
    panic = getattr(opsledger._opsledger, "_panic", None)
    if panic is None:
        pytest.fail("this suite wants a debug build of the extension")
    with pytest.raises(InternalError, match="boom") as caught:
        panic("boom")
    assert caught.value.code == "internal"
    # and the library goes on
    assert contract.between("7x24", datetime(2026, 1, 1, tzinfo=CST), datetime(2026, 1, 2, tzinfo=CST)).days == 1

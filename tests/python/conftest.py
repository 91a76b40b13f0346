"""Fixtures: a contract, a ledger, and an account of both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opsledger import Account, Contract, Ledger
from support import CONTRACT


@pytest.fixture
def contract() -> Contract:
    return Contract.parse(CONTRACT)


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "books.ledger"


@pytest.fixture
def ledger(ledger_path: Path) -> Iterator[Ledger]:
    with Ledger.open(ledger_path, create=True) as ledger:
        yield ledger


@pytest.fixture
def account(contract: Contract) -> Account:
    return Account(contract)

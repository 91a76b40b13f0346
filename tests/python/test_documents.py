"""Documents as bytes: what Python asks for, what it gets, what it is told when it asks wrongly."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast
from zipfile import ZipFile

import opsledger
import pytest
from openpyxl import load_workbook
from opsledger import Account, Contract, InputError, NotFoundError
from support import CONTRACT, at, outage

KNOWN = datetime(2026, 4, 2, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    account = Account(Contract.parse(CONTRACT))
    incident: list[dict[str, object]] = [
        {
            "kind": "incident.report",
            "subject": "I-1",
            "at": at("03-02 08:05"),
            "body": {"severity": "critical", "affects_use": True, "channel": "phone", "outage": "O-1"},
        },
        {"kind": "incident.repair", "subject": "I-1", "at": at("03-02 10:00")},
    ]
    started, ended = outage("O-1", "03-02 08:00", "03-02 10:00")
    account.add([started, *incident, ended])
    return account


def test_the_monthly_report_in_its_usual_forms(account: Account) -> None:
    files = account.documents("monthly", month="2026-03", known_at=KNOWN)
    assert [f.name.rsplit(".")[-1] for f in files] == ["docx", "xlsx", "html"]
    word, sheet, page = files
    assert "wordprocessingml" in word.media_type
    assert "word/document.xml" in ZipFile(BytesIO(word.data)).namelist()
    assert "spreadsheetml" in sheet.media_type
    assert load_workbook(BytesIO(sheet.data)).sheetnames
    assert page.media_type == "text/html; charset=utf-8"
    assert page.data.lower().startswith(b"<!doctype html")
    assert "2026" in page.data.decode()
    assert files == account.documents("monthly", month="2026-03", known_at=KNOWN)
    # Without a month: the one before what is known.
    assert files == account.documents("monthly", known_at=KNOWN)
    assert repr(page) == f"<opsledger.Document {page.name}, {len(page.data)} bytes>"


def test_forms_language_and_names_asked_for(account: Account) -> None:
    [page] = account.documents("monthly", formats=["html"], lang="en", known_at=KNOWN)
    text = page.data.decode()
    assert "Monthly platform and security report" in text
    [chinese] = account.documents("monthly", formats=["html"], known_at=KNOWN)
    assert "月报" in chinese.data.decode()
    assert chinese != page


@pytest.mark.parametrize("kind", ["incident", "ledger", "roster", "acceptance"])
def test_every_other_kind(account: Account, kind: Any) -> None:
    files = account.documents(kind, subject="I-1" if kind == "incident" else None, known_at=KNOWN)
    assert len(files) >= 2
    assert len({f.name for f in files}) == len(files)
    for file in files:
        assert isinstance(file, opsledger.Document)
        assert not file.name.startswith("/")
        if file.name.endswith((".docx", ".xlsx")):
            assert ZipFile(BytesIO(file.data)).testzip() is None


def test_wrong_questions_are_told_what_is_wrong(account: Account) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("weekly", {}, "weekly"),
        ("incident", {}, "incident"),
        ("monthly", {"month": "2026-13"}, "2026-13"),
        ("monthly", {"formats": ["pdf"]}, "pdf"),
        ("monthly", {"lang": "fr"}, "fr"),
        ("monthly", {"view": "mine"}, "mine"),
    ]
    for kind, options, words in wrong:
        with pytest.raises(InputError, match=words):
            account.documents(cast(Any, kind), known_at=KNOWN, **options)
    with pytest.raises(NotFoundError, match="I-9"):
        account.documents("incident", subject="I-9", known_at=KNOWN)
    account.close()
    with pytest.raises(opsledger.ClosedError):
        account.documents("monthly")

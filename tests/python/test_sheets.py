"""Sheets filled with another library (openpyxl), as a clerk and a buyer fill them, with nothing else."""

import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from opsledger import (
    Account,
    Contract,
    InputError,
    Ledger,
    RefusedError,
    confirm_sheet,
    confirmation_form,
    import_sheet,
    sheet_families,
    sheet_form,
)
from support import at

CONTRACT = """\
format = 1
id = "portal"
title = "门户运维"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[agreement]
needs = ["outage.void", "incident.withdraw", "maintenance.approve", "attribution", "lowering", "late-pause"]
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
needs = ["person", "arrangement"]
within = "1h"
[[clause]]
id = "repair"
rule = "deadline"
from = "incident.report"
to = "incident.repair"
within = { critical = "4h", major = "8h", minor = "3d" }
[[clause]]
id = "inspection"
rule = "recurring"
fact = { kind = "inspection.complete", where = { type = "monthly" } }
every = "month"
by = "calendar"
parts = ["hardware", "software", "database", "logs"]
[[clause]]
id = "duty"
rule = "coverage"
roles = { duty = 1 }
windows = ["events"]
"""

Cells = dict[str, Any]


@pytest.fixture
def contract() -> Contract:
    return Contract.parse(CONTRACT)


def heads(sheet: Any) -> tuple[int, dict[str, int]]:
    """Row of the Chinese heads, and the column of each."""
    for row in range(1, 20):
        found = {cell.value: cell.column for cell in sheet[row] if cell.value}
        if len(found) > 6:
            return row, found
    raise AssertionError(sheet.title)


def fill(sheet: Any, rows: list[Cells], *, person: str = "测试员01", party: str = "供应商") -> None:
    """Writes rows below the sample row of a form, by the Chinese heads."""
    head, columns = heads(sheet)
    sheet["B3"], sheet["D3"] = person, party
    for i, cells in enumerate(rows):
        for name, value in cells.items():
            sheet.cell(head + 3 + i, columns[name]).value = value


def opened(data: bytes) -> Any:
    return load_workbook(BytesIO(data))


def saved(book: Any) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def no_formulas(data: bytes) -> bool:
    return not any(
        cell.data_type == "f" for sheet in opened(data) for row in sheet.iter_rows() for cell in row
    )


def test_every_form_reads_as_it_should(contract: Contract) -> None:
    data = sheet_form(sheet_families(), contract, rows=10)
    book = opened(data)
    assert book.sheetnames == [
        "排班", "事件", "故障", "计划停机", "请求", "维护日志", "巡检", "资产", "安全问题", "说明",
    ]  # fmt: skip
    assert no_formulas(data)
    for sheet in book.worksheets[:-1]:
        head, columns = heads(sheet)
        assert (head, sheet["B2"].value, sheet["D2"].value) == (4, "portal", "Asia/Shanghai")
        assert sheet["A1"].value.startswith("门户运维 · " + sheet.title)
        assert sheet.freeze_panes == "B6"
        assert all(sheet.cell(5, column).value for column in columns.values())
        assert all(sheet.cell(4, column).comment for column in columns.values())
        assert sheet["A6"].value.startswith("示例") and sheet["A6"].font.i
        assert sheet["A7"].number_format == "@"  # codes are text
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
    incidents = book["事件"]
    lists = {str(v.sqref): v.formula1 for v in incidents.data_validations.dataValidation}
    assert lists["C7:C16"] == '"特别严重,严重,一般"' and lists["D7:D16"] == '"是,否"'
    assert lists["D3"] == '"供应商,采购方"'
    assert incidents["B7"].number_format == "yyyy-mm-dd hh:mm"
    told = [row[0].value for row in book["说明"].iter_rows()]
    assert contract.sm3 in [row[1].value for row in book["说明"].iter_rows()] and "值班人员" in told


def test_arguments(contract: Contract, ledger: Ledger) -> None:
    with pytest.raises(InputError, match="roster"):
        sheet_form("nothing", contract)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="10000"):
        sheet_form("roster", contract, rows=10_001)
    with pytest.raises(TypeError):
        import_sheet(ledger, 5, contract=contract)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        import_sheet(ledger, b"kind,subject\n", contract=contract)
    assert caught.value.code == "bad-sheet" and ".xlsx" in caught.value.text_zh


def adopt(ledger: Ledger) -> None:
    contract = Contract.parse(CONTRACT)
    body = {"sm3": contract.sm3, "text": CONTRACT, "from": "2026-01-01"}
    ledger.append([{"kind": "contract.adopt", "at": at("01-01 00:00"), "body": body}])


def incident(i: int, **more: Any) -> Cells:
    day = datetime(2026, 3, 2 + i)
    return {
        "事件编号": f"I-{i}",
        "申报时间": day.replace(hour=8, minute=10),
        "级别": "严重",
        "影响正常使用": "是",
        "现象": "登录失败",
        "响应时间": day.replace(hour=8, minute=30),
        "响应人": "工程师甲",
        "安排": "远程排查",
        "修复时间": day.replace(hour=11),
    } | more


def test_a_clerk_closes_a_month_with_sheets_only(ledger: Ledger, tmp_path: Path) -> None:
    adopt(ledger)
    contract = Contract.parse(CONTRACT)
    book = opened(sheet_form(["roster", "incidents", "inspections", "outages"], contract, rows=20))
    shifts = [
        {"值班人员": "工程师甲", "岗位": "值班", "开始时间": datetime(2026, 3, d, 8), "结束时间": f"2026-03-{d:02} 24:00"}
        for d in (8, 9)
    ]
    fill(book["排班"], shifts)
    incidents = [incident(i) for i in range(10)]
    incidents[3]["响应时间"] = "２０２６年３月５日 ８：４０"  # full-width, as text
    incidents[6]["级别"] = "很严重"
    incidents[8]["申报时间"] = "3/10/2026 8:10"
    fill(book["事件"], incidents)
    fill(
        book["巡检"],
        [{"完成时间": datetime(2026, 3, 20, 15), "类别": "月度", "所属期间": "2026-03", "巡检人": "工程师甲",
          "巡检部分": "硬件；软件、数据库；日志"}],
    )  # fmt: skip
    fill(
        book["故障"],
        [{"故障编号": "O-1", "系统": "门户", "开始时间": datetime(2026, 3, 5, 8), "结束时间": datetime(2026, 3, 5, 10),
          "责任方": "采购方", "原因": "市电中断"}],
    )  # fmt: skip
    path = tmp_path / "2026-03.xlsx"
    book.save(path)

    # Two rows are wrong: nothing is recorded, the cells are red with the reason.
    with pytest.raises(InputError) as caught:
        import_sheet(ledger, path)
    assert caught.value.code == "bad-cell" and "事件!C13" in caught.value.text_zh
    assert ledger.head().seq == 1
    seen = import_sheet(ledger, path, dry_run=True)
    assert [cell.cell for cell in seen.wrong] == ["事件!C13", "事件!B15"] and seen.recorded is None
    assert [row.change for row in seen.rows if row.family == "incidents"].count("wrong") == 2
    copy = seen.copy()
    assert no_formulas(copy)
    book = opened(copy)
    sheet = book["事件"]
    for name in ("C13", "B15"):
        assert sheet[name].fill.fgColor.rgb == "FFFF5050" and name in sheet[name].comment.text
    assert sheet["C12"].fill.fgColor.rgb != "FFFF5050"
    assert sheet["B12"].value == datetime(2026, 3, 7, 8, 10) and sheet["J10"].value == "２０２６年３月５日 ８：４０"
    assert any(str(v.sqref).startswith("C") for v in sheet.data_validations.dataValidation)

    # Corrected in the copy, it is recorded whole; once.
    sheet["C13"], sheet["B15"] = "严重", datetime(2026, 3, 10, 8, 10)
    corrected = saved(book)
    done = import_sheet(ledger, corrected)
    assert done.recorded is not None and done.recorded.new == 2 + 10 * 3 + 1 + 2
    assert {row.change for row in done.rows} == {"new"}
    again = import_sheet(ledger, corrected)
    assert again.recorded is not None and again.recorded.new == 0
    assert {row.change for row in again.rows} == {"unchanged"}
    facts = [json.loads(record.fact) for record in ledger.read(2)]
    respond = next(f for f in facts if f["kind"] == "incident.respond" and f["subject"] == "I-3")
    assert respond["at"] == "2026-03-05T00:40:00.000000Z"
    assert respond["actor"] == {"party": "supplier", "person": "测试员01"}
    assert respond["body"]["stated_zone"] == "Asia/Shanghai"

    # A row that was wrong although every cell was right: corrected, with the reason.
    row = next(r for r in range(7, 20) if sheet.cell(r, 1).value == "I-2")
    sheet.cell(row, 3).value = "一般"
    with pytest.raises(RefusedError) as refused:
        import_sheet(ledger, saved(book))
    assert refused.value.code == "recorded-otherwise" and "严重 → 一般" in refused.value.text_zh
    sheet.cell(row, heads(sheet)[1]["更正或撤回原因"]).value = "误登记"
    done = import_sheet(ledger, saved(book))
    assert done.recorded is not None and done.recorded.new == 1

    # The month: what waits for the buyer's word goes out as a sheet and comes back.
    out = confirmation_form(ledger, "2026-03")
    assert no_formulas(out)
    book = opened(out)
    sheet = book["确认表"]
    head, columns = heads(sheet)
    rows = {
        sheet.cell(r, columns["事项"]).value: r
        for r in range(head + 2, sheet.max_row + 1)
        if str(sheet.cell(r, columns["记录号"]).value or "").isdigit()
    }
    waiting = {what.split("；")[0].split("（")[0]: r for what, r in rows.items()}
    assert {"故障开始 O-1", "更正事件 I-2"} <= set(waiting)
    lists = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation}
    assert lists[f"H{waiting['故障开始 O-1']}"] == '"确认,异议"'
    sheet.cell(waiting["故障开始 O-1"], columns["意见"]).value = "确认"
    sheet.cell(waiting["更正事件 I-2"], columns["意见"]).value = "异议"
    with pytest.raises(InputError) as caught:
        confirm_sheet(ledger, saved(book), person="采购方甲")
    assert caught.value.code == "missing-field" and "理由" in caught.value.text_zh
    sheet.cell(waiting["更正事件 I-2"], columns["理由"]).value = "级别无误"
    signed = saved(book)
    answers = confirm_sheet(ledger, signed, person="采购方甲")
    assert (len(answers.confirmed), len(answers.disputed)) == (1, 1)
    assert answers.recorded is not None and answers.recorded.new == 2
    again_ = confirm_sheet(ledger, signed, person="采购方甲")
    assert again_.unchanged == answers.confirmed + answers.disputed and again_.recorded is not None
    assert again_.recorded.new == 0
    facts = [json.loads(record.fact) for record in ledger.read(ledger.head().seq - 1)]
    assert [f["kind"] for f in facts] == ["fact.confirm", "fact.dispute"]
    assert all(f["actor"] == {"party": "buyer", "person": "采购方甲"} for f in facts)

    # The books have it all.
    verdict = Account(ledger=ledger).assess(at("04-01 00:00"))
    status = {clause.id: clause.status for clause in verdict.clauses}
    assert status["respond"] == "met"
    told = json.loads(verdict.json)
    assert answers.confirmed[0] not in told["unconfirmed"] and answers.disputed[0] in told["disputed"]
    assert ledger.verify().ok


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=HYPERLINK(\"http://a.invalid\")", "<b onload=x>", "../../a"])
def test_what_looks_like_a_formula_stays_text(contract: Contract, ledger: Ledger, text: str) -> None:
    book: Any = Workbook()
    sheet = book.active
    form = opened(sheet_form("incidents", contract))["事件"]
    for cell in form[4]:
        sheet.cell(1, cell.column).value = cell.value
    columns = {cell.value: cell.column for cell in sheet[1]}
    for name, value in incident(1).items():
        sheet.cell(2, columns[name]).value = value
    cell = sheet.cell(2, columns["现象"])
    cell.value = text
    cell.data_type = "s"
    seen = import_sheet(ledger, saved(book), contract=contract, dry_run=True)
    assert not seen.wrong
    assert json.loads(seen.rows[0].facts[0])["body"]["text"] == text
    copy = opened(seen.copy()).worksheets[0]
    assert copy.cell(2, columns["现象"]).value == text and copy.cell(2, columns["现象"]).data_type == "s"
    assert no_formulas(seen.copy())
    # The same text as a formula is refused, with its cell.
    if text.startswith("="):
        cell.value = text
        seen = import_sheet(ledger, saved(book), contract=contract, dry_run=True)
        assert [wrong.cell for wrong in seen.wrong] == ["Sheet!E2"]


def test_merged_hidden_and_second_tabs_are_named(contract: Contract, ledger: Ledger) -> None:
    def filled() -> Any:
        book = opened(sheet_form("incidents", contract, rows=5))
        fill(book["事件"], [incident(1), incident(2)])
        return book

    def wrong(book: Any) -> list[str]:
        return [cell.cell for cell in import_sheet(ledger, saved(book), contract=contract, dry_run=True).wrong]

    assert wrong(filled()) == []
    book = filled()
    book["事件"].merge_cells("E7:E8")
    assert wrong(book) == ["事件!E7"]
    book = filled()
    book["事件"].row_dimensions[8].hidden = True
    assert len(wrong(book)) == 9 and wrong(book)[0] == "事件!A8"
    book = filled()
    book["事件"].column_dimensions["E"].hidden = True
    assert wrong(book) == ["事件!E7", "事件!E8"]
    book = filled()
    book.create_sheet("备忘")["B2"] = "明天补"
    assert wrong(book) == ["备忘!B2"]
    book = filled()
    book["事件"]["E7"] = "#REF!"
    book["事件"]["E7"].data_type = "e"
    assert wrong(book) == ["事件!E7"]

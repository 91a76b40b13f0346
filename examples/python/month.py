"""A month of a contract: read it, record the month's facts in a ledger, and print how the contract stands at the month's end.

    python month.py ../month month.ledger
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from opsledger import Account, Budget, Contract, Ledger


def line(name: str, value: object) -> None:
    print(f"{name + ':':15} {value}")


def duration(value: timedelta | None) -> str:
    if value is None:
        return "none"
    seconds = value // timedelta(seconds=1)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def print_budget(budget: Budget, zone: ZoneInfo) -> None:
    def instant(value: datetime | None) -> str:
        return "none" if value is None else value.astimezone(zone).isoformat()

    line("as of", instant(budget.as_of))
    line("status", budget.status)
    line("long outages", f"{budget.long_count} of {budget.long_max}")
    line("short outages", f"{budget.short_count} of {budget.short_max}")
    line("downtime", f"{duration(budget.downtime)} of {duration(budget.downtime_max)}")
    line("remaining", duration(budget.remaining))
    line("next breach", instant(budget.next_breach_at))


def main(folder: Path, path: Path) -> None:
    contract = Contract.from_file(folder / "contract.toml")
    facts = (folder / "facts.jsonl").read_bytes()
    zone = ZoneInfo(contract.zone)
    as_of = datetime(2026, 4, 1, tzinfo=zone)

    # The figures of the month as it was known at its end.
    account = Account(contract)
    account.add(facts)
    print_budget(account.budget(as_of, as_of), zone)

    # Facts that were typed in today are known from today on: the ledger proves that, and keeps them for good.
    with Ledger.open(path, create=True) as ledger:
        ledger.append(facts)
        line("ledger", f"{ledger.head().seq} entries, {'sound' if ledger.verify() else 'broken'}")

    print()
    for clause in account.assess(as_of, as_of).clauses:
        print(f"{clause.id:26} {clause.status}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: month.py FOLDER LEDGER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))

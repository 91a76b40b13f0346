"""Instants and durations cross exactly, and only aware ones do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from opsledger import Account, Contract, InputError
from support import CST, EPOCH, at

START = datetime(2026, 3, 2, 8, 10, tzinfo=CST)
MICRO = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "delta",
    [
        timedelta(0),
        MICRO,
        timedelta(days=1) - MICRO,
        timedelta(seconds=1) + MICRO,
        # where a float of seconds would already have lost the microsecond
        timedelta(days=40_000, microseconds=999_999),
        timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5),
    ],
)
def test_microseconds_are_exact(contract: Contract, delta: timedelta) -> None:
    assert contract.between("7x24", START, START + delta) == delta
    moved = contract.add("7x24", START, delta)
    assert moved == START + delta and moved.tzinfo is UTC


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=0),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_any_zone_is_one_axis(account: Account, instant: datetime) -> None:
    budget = account.budget(instant, instant)
    assert budget.as_of == instant.astimezone(UTC)
    assert (budget.as_of - EPOCH) // MICRO == (instant.astimezone(UTC) - EPOCH) // MICRO


def test_the_repeated_hour_is_two_hours(contract: Contract) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)
    assert contract.between("7x24", first, second) == timedelta(hours=1)


def test_naive_is_refused_everywhere(contract: Contract, account: Account) -> None:
    naive = datetime(2026, 3, 2, 8, 10)
    calls: list[Callable[[], object]] = [
        lambda: contract.between("7x24", naive, START),
        lambda: contract.between("7x24", START, naive),
        lambda: contract.between("7x24", START, START, known_at=naive),
        lambda: contract.add("7x24", naive, MICRO),
        lambda: account.budget(naive),
        lambda: account.assess(START, naive),
        lambda: account.outages(naive),
        lambda: account.add([{"kind": "outage.start", "subject": "O", "at": naive, "body": {"system": "s"}}]),
        lambda: account.add([{"kind": "outage.start", "subject": "O", "at": "2026-03-02T08:10:00", "body": {"system": "s"}}]),
    ]
    for call in calls:
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.code == "naive-time"
        assert "2026-03-02T08:10:00" in str(caught.value)


class NoOffset(tzinfo):
    """A zone that does not know its offset: as good as none."""

    def utcoffset(self, _dt: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, _dt: datetime | None) -> str:
        return "?"


def test_a_zone_without_an_offset_is_naive(contract: Contract) -> None:
    with pytest.raises(InputError) as caught:
        contract.between("7x24", datetime(2026, 1, 1, tzinfo=NoOffset()), START)
    assert caught.value.code == "naive-time"


class Nano(datetime):
    """Like pandas.Timestamp: a datetime that carries nanoseconds beside."""

    nanosecond = 0


def test_nanoseconds_are_refused_not_rounded(contract: Contract) -> None:
    fine = Nano(2026, 3, 2, tzinfo=UTC)
    assert contract.between("7x24", fine, fine) == timedelta(0)
    fine.nanosecond = 1
    with pytest.raises(InputError) as caught:
        contract.between("7x24", fine, START)
    assert caught.value.code == "bad-time"


@pytest.mark.parametrize("wrong", ["2026-03-02T08:10:00+08:00", 1772410200, 1772410200.0, date(2026, 3, 2), None])
def test_other_types_are_type_errors(contract: Contract, wrong: object) -> None:
    with pytest.raises(TypeError, match="aware datetime"):
        contract.between("7x24", wrong, START)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="timedelta"):
        contract.add("7x24", START, wrong)  # type: ignore[arg-type]


def test_durations_beyond_the_axis(contract: Contract) -> None:
    with pytest.raises(InputError) as caught:
        contract.add("7x24", START, timedelta.max)
    assert caught.value.code == "out-of-range"
    # an instant Python cannot hold
    with pytest.raises(InputError) as caught:
        contract.add("7x24", START, timedelta(days=40_000_000))
    assert caught.value.code == "out-of-range"
    with pytest.raises(InputError):
        contract.add("7x24", START, -MICRO)


def test_helper_reads_the_contracts_zone() -> None:
    assert at("03-02 08:10") == START

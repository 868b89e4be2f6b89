from datetime import UTC, date, datetime
from typing import Any

import pytest

from watcher.openrouter import dates
from watcher.text import times

MORE = ["2027-01-31 (moved to 2027-06-30)", "2027-01-01 to 2027-06-30", "2027-01-3199999", "2027-01-31junk"]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T00:00:00Z", "2026-12-01"),
        (None, None),
        ("", None),
        ("2098-12-31", None),
        ("9999-01-01", None),
        ("2026-11-20", "2026-11-20"),
    ],
)
@pytest.mark.fault("P19")
def test_an_expiration_date_is_a_utc_day_and_a_far_one_does_not_count(value: Any, day: str | None) -> None:
    assert dates.expiration(value, NOON) == day


@pytest.mark.parametrize(
    "value",
    [
        1801353600,
        1801353600.0,
        "1801353600",
        1801353600000,
        "January 31, 2027",
        "Jan 31 2027",
        "jan. 31st, 2027",
        "31 January 2027",
        "Sun, 31 Jan 2027 00:00:00 GMT",
        "2027/01/31",
        " 2027-01-31 ",
    ],
)
@pytest.mark.fault("Q2")
def test_a_date_in_another_plain_form_is_read(value: Any) -> None:
    assert dates.expiration(value, NOON) == "2027-01-31"


@pytest.mark.parametrize(
    "value", ["01/02/2027", "1.2.2027", "February 30, 2027", "Q1 2027", True, 1e300, 2027013112, "2027013112"]
)
@pytest.mark.fault("Q2")
def test_a_date_that_could_be_misread_is_not_read(value: Any) -> None:
    with pytest.raises(ValueError, match="not a date"):
        dates.expiration(value, NOON)


@pytest.mark.parametrize("value", ["soon", 20261201, ["2026-12-01"], "2026-13-01", False, [], {}, *MORE])
@pytest.mark.fault("P19")
def test_what_is_not_a_date_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"date|Invalid|month"):
        dates.expiration(value, NOON)


@pytest.mark.parametrize(
    ("left", "threshold"),
    [(40, None), (30, 30), (20, 30), (14, 14), (5, 7), (1, 1), (0, 0), (-3, 0)],
)
def test_the_most_urgent_threshold_reached_counts(left: int, threshold: int | None) -> None:
    day = date.fromordinal(NOON.date().toordinal() + left)
    assert dates.reached(day, NOON, (30, 14, 7, 1, 0)) == threshold


def test_without_a_date_nothing_is_reached() -> None:
    assert dates.reached(None, NOON, (30,)) is None
    assert dates.day_of(None) is None
    assert dates.day_of("soon") is None


def test_days_are_written_for_readers() -> None:
    assert times.show_day(date(2026, 11, 27)) == "Fri 27 Nov 2026"
    assert [times.show_days_left(days) for days in (4, 1, 0, -1, -3)] == [
        "in 4 days",
        "tomorrow",
        "today",
        "yesterday",
        "3 days ago",
    ]


def test_where_nothing_is_planned_there_is_a_dash() -> None:
    assert times.show_wait(None, NOON) == "-"

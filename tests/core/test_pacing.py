from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.domain.schedule import Pace, Schedule, is_digest

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
ZONES = sorted(available_timezones())
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
START = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 37 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "following"),
    [
        pytest.param(
            Schedule(time(9), zone=BERLIN), "2026-11-27T08:59", "2026-11-27T09:00", id="later-today"
        ),
        pytest.param(Schedule(time(9), zone=BERLIN), "2026-11-27T09:00", "2026-11-28T09:00", id="not-again"),
        pytest.param(Schedule(time(9), 0, BERLIN), "2026-11-27T12:00", "2026-11-30T09:00", id="next-monday"),
        pytest.param(Schedule(time(9), 0, BERLIN), "2026-11-30T09:00", "2026-12-07T09:00", id="a-week-later"),
        pytest.param(
            Schedule(time(9), zone=BERLIN), "2026-03-28T09:00", "2026-03-29T09:00", id="a-day-of-23-hours"
        ),
        pytest.param(
            Schedule(time(2, 30), zone=BERLIN),
            "2026-03-28T12:00",
            "2026-03-29T03:30",
            id="the-clock-skips-it",
        ),
        pytest.param(
            Schedule(time(2, 30), zone=BERLIN), "2026-03-29T03:30", "2026-03-30T02:30", id="after-the-gap"
        ),
        pytest.param(
            Schedule(time(2, 30), zone=BERLIN), "2026-10-24T12:00", "2026-10-25T02:30", id="it-comes-twice"
        ),
    ],
)
@pytest.mark.fault("T2", "T3")
def test_a_digest_comes_by_the_clock_on_the_wall(schedule: Schedule, after: str, following: str) -> None:
    assert schedule.next_time(local(after)) == local(following)


def test_a_time_that_the_clock_shows_twice_is_one_digest() -> None:
    schedule = Schedule(time(2, 30), zone=BERLIN)
    assert schedule.next_time(local("2026-10-25T02:30")) == local("2026-10-26T02:30")
    assert schedule.next_time(local("2026-10-25T02:30", fold=1)) == local("2026-10-26T02:30")


def test_where_midnight_is_in_the_gap_the_digest_stays_on_its_day() -> None:
    nuuk = ZoneInfo("America/Nuuk")  # Saturday ends an hour early
    late = Schedule(time(23, 30), zone=nuuk)
    days = [local("2024-03-29T12:00", nuuk)]
    for _ in range(3):
        days.append(late.next_time(days[-1]))
    assert [f"{at.astimezone(nuuk):%d %H:%M}" for at in days[1:]] == ["29 23:30", "30 22:30", "31 23:30"]


def test_a_day_that_a_zone_skips_is_told_on_the_next_one() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011, a Friday
    on_friday = Schedule(time(9), 4, apia)
    at = on_friday.next_time(local("2011-12-28T12:00", apia))
    assert f"{at.astimezone(apia):%a %d %H:%M}" == "Sat 31 09:00"
    daily = Schedule(time(9), zone=apia)
    assert daily.next_time(at) == local("2012-01-01T09:00", apia)


def exists(day: date, zone: ZoneInfo) -> bool:
    return datetime.combine(day, time(12), zone).astimezone(UTC).astimezone(zone).date() == day


@given(st.sampled_from(ZONES), MINUTES, MOMENTS)
@pytest.mark.fault("T2", "T3")
def test_each_local_day_of_any_zone_has_one_digest(name: str, at: time, after: datetime) -> None:
    zone = ZoneInfo(name)
    schedule = Schedule(at, zone=zone)
    times = [after]
    for _ in range(8):
        times.append(schedule.next_time(times[-1]))
    assert times == sorted(set(times))
    days = [moment.astimezone(zone).date() for moment in times[1:]]
    between = [days[0] + number * DAY for number in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if exists(day, zone)]


@given(st.sampled_from(ZONES), MINUTES, st.integers(0, 6), MOMENTS)
def test_each_local_week_of_any_zone_has_one_digest(
    name: str, at: time, weekday: int, after: datetime
) -> None:
    zone = ZoneInfo(name)
    schedule = Schedule(at, weekday, zone)
    first = schedule.next_time(after)
    second = schedule.next_time(first)
    days = [moment.astimezone(zone).date() for moment in (first, second)]
    assert first > after
    assert all(day.weekday() == weekday or not exists(day - DAY, zone) for day in days)
    assert timedelta(days=6) <= days[1] - days[0] <= timedelta(days=8)


def test_they_are_written_as_people_write_them() -> None:
    assert str(Schedule(time(9))) == "daily at 09:00"
    assert str(Schedule(time(17, 5), 4)) == "weekly on Friday at 17:05"
    assert [*map(str, Pace)] == ["now", "each poll"]


@pytest.mark.parametrize(
    ("written", "is_one"), [(None, False), ("now", False), ("each poll", False), ("daily at 09:00", True)]
)
def test_only_a_schedule_is_a_digest(written: str | None, *, is_one: bool) -> None:
    assert is_digest(written) is is_one

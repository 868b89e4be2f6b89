from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, HOUR, START
from watcher.domain.catalog import Document, FieldChange, Json
from watcher.domain.kinds import KINDS, Severity
from watcher.domain.letter import Letter
from watcher.domain.news import Event, Notification
from watcher.messages.digest import digest
from watcher.messages.message import MOST_LINES
from watcher.messages.samples import sample_events

MORNING = START + DAY  # 3 Nov 2026 08:00 UTC
FACTS: dict[str, Json] = {"notes": ["a note"], "trend": "▁▃", "successors": [{"model": "acme/x"}]}


def event(number: int, kind: str, model: str, before: Json = None, after: Json = None) -> Event:
    return Event(f"e{number}", START + number * HOUR, KINDS[kind], model, before, after, facts=FACTS)


def price(number: int, model: str, before: str, after: str) -> Event:
    change = FieldChange("prompt", before, after)
    sides = [{"prompt": side, "completion": "0"} for side in (before, after)]
    return replace(event(number, "price.changed", model, *sides), fields=(change,))


NEWS = [
    event(1, "model.added", "acme/new", None, {"price": {"prompt": "0.000001", "completion": "0"}}),
    event(2, "context.changed", "acme/wide", 8000, 16000),
    event(3, "expiration.announced", "acme/later", None, "2026-12-01"),
    event(4, "expiration.reminder", "acme/soon", None, "2026-11-06"),
    price(5, "acme/up-1", "0.000001", "0.000002"),
    price(6, "acme/up-2", "0.000001", "0.000004"),
    price(7, "acme/down", "0.000002", "0.000001"),
    event(8, "model.removed", "acme/gone"),
    event(9, "source.recovered", "models"),
    event(10, "price.routed", "acme/shown", {"prompt": "0.000001"}, {"prompt": "0.000002"}),
]


def written(
    events: list[Event],
    at: datetime = MORNING,
    schedule: str = "daily at 09:00",
    zone: ZoneInfo | None = None,
) -> Notification:
    found = digest("team", at, events, ["One", "Two"], schedule, zone or UTC)
    assert found
    return found


def letter(events: list[Event], at: datetime = MORNING) -> Letter:
    found = written(events, at).letter
    assert found
    return found


def test_a_digest_has_sections_and_its_title_counts_by_meaning() -> None:
    found = letter(NEWS)
    assert [section.heading for section in found.sections] == [
        "Watcher itself",
        "Gone",
        "Leaving soon",
        "Prices",
        "New",
        "Changed",
    ]
    assert written(NEWS).title == (
        "Daily digest, 3 Nov: 1 notice about watcher itself, 1 gone, 2 leave, the first in 3 days,"
        " 2 prices up, 1 price down, 1 other price, 1 new, 1 other change"
    )
    assert found.severity == "critical"
    assert found.preview == "The model list answers again"
    assert len(found.data) == len(NEWS)
    assert written(NEWS).events == tuple(event.id for event in NEWS)
    assert found.footer == (
        "Rules: One, Two · 3 Nov 2026 08:00 UTC · covers everything since 2 Nov 2026 09:00 UTC"
    )


def test_what_leaves_is_a_countdown_from_now_soonest_first() -> None:
    moved = event(1, "expiration.moved", "acme/moved", "2026-12-01", "2026-11-04")
    past = event(2, "expiration.reminder", "acme/past", None, "2026-11-02")
    unknown = event(3, "expiration.announced", "acme/unknown", None, "soon")
    [leaving] = letter([*NEWS[2:4], moved, past]).sections
    assert [entry.text for entry in leaving.entries] == [
        "yesterday: acme/past was to leave on Mon 2 Nov 2026",
        "tomorrow: acme/moved leaves on Wed 4 Nov 2026 (was Tue 1 Dec 2026)",
        "in 3 days: acme/soon leaves on Fri 6 Nov 2026",
        "in 28 days: acme/later leaves on Tue 1 Dec 2026",
    ]
    assert [entry.text for entry in letter([unknown]).entries] == ["acme/unknown leaves"]


@pytest.mark.parametrize(
    ("models", "counted"),
    [
        ([NEWS[3]], "1 leaves in 3 days"),
        ([NEWS[3], NEWS[2]], "2 leave, the first in 3 days"),
        ([event(1, "expiration.reminder", "acme/past", None, "2026-11-02")], "1 was to leave yesterday"),
        ([event(1, "expiration.announced", "acme/unknown", None, "soon")], "1 leaves today"),
        ([event(1, "context.changed", "acme/wide", 1, 2)], "1 other change"),
    ],
)
def test_a_title_says_when_the_first_leaves(models: list[Event], counted: str) -> None:
    assert written(models).title == f"Daily digest, 3 Nov: {counted}"


def test_each_line_is_one_line() -> None:
    for entry in letter(NEWS).entries:
        assert (entry.name, entry.notes, entry.trend, entry.successors) == ("", (), "", ())


def test_prices_are_dearer_first_and_the_largest_moves_before_others() -> None:
    [prices] = [section for section in letter(NEWS).sections if section.heading == "Prices"]
    assert [entry.subject for entry in prices.entries] == [
        "acme/up-2",
        "acme/up-1",
        "acme/down",
        "acme/shown",
    ]


def test_a_model_and_its_variants_are_one_line() -> None:
    twin = replace(NEWS[4], id="twin", subject="acme/up-1:batch")
    [entry] = letter([NEWS[4], twin]).entries
    assert entry.after == "; also applies to acme/up-1:batch"
    assert entry.events == ("e5", "twin")


def test_what_was_undone_is_left_out_with_a_count() -> None:
    back = price(9, "acme/up-1", "0.000002", "0.000001")
    found = letter([NEWS[0], NEWS[4], back])
    assert [entry.subject for entry in found.entries] == ["acme/new"]
    assert found.more == ("2 changes were undone meanwhile",)
    assert "2 changes were undone meanwhile" in written([NEWS[0], NEWS[4], back]).body
    assert digest("team", MORNING, [NEWS[4], back], ["One"], "daily at 09:00", UTC) is None


def test_one_line_stands_for_several_changes_of_one_price() -> None:
    [entry] = letter([NEWS[4], price(9, "acme/up-1", "0.000002", "0.000004")]).entries
    assert "$1.00 → $4.00 (+300 %)" in entry.text
    assert entry.events == ("e5", "e9")


def test_what_is_more_than_people_read_is_counted() -> None:
    many = [event(n, "model.added", f"acme/{n}") for n in range(MOST_LINES + 5)]
    found = letter([*many, replace(NEWS[1], id="wide")])
    assert len(found.entries) == MOST_LINES
    assert found.more == ("… and 6 more; see `watcher events --since 2026-11-02T08:00Z`",)


def test_the_day_in_the_title_is_that_of_the_zone() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    at = datetime(2026, 11, 2, 20, tzinfo=UTC)
    message = written([NEWS[0], NEWS[3]], at, "weekly on Tuesday at 09:00", auckland)
    assert message.title.startswith("Weekly digest, 3 Nov: ")
    assert message.body.endswith(
        "3 Nov 2026 09:00 NZDT · covers everything since 2 Nov 2026 22:00 NZDT · dates are UTC days"
    )


def test_what_a_rule_says_of_the_severity_is_kept() -> None:
    loud = replace(NEWS[2], severity=Severity.CRITICAL, model=Document())
    assert [entry.severity for entry in letter([loud, NEWS[0]]).entries] == ["critical", "info"]


@given(st.lists(st.sampled_from([*sample_events(START).values()]), min_size=1))
def test_made_up_news_of_any_kind_is_told_or_counted(events: list[Event]) -> None:
    several = [replace(one, id=f"e{number}") for number, one in enumerate(events)]
    found = digest("team", MORNING, several, ["r"], "daily at 09:00", UTC)
    if found and found.letter:
        told = [number for entry in found.letter.entries for number in entry.events]
        assert len(told) == len(set(told))
        assert {*found.events} == {one.id for one in several}
        assert len(found.letter.sections) >= 1

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Row, Story, feed_of, priced
from watcher.domain.catalog import Aspect
from watcher.domain.news import Event
from watcher.domain.policy import HOLDS, Policy
from watcher.news.settings import Settings

AT_ONCE = Policy(
    {name: hold if name in {"returned", "removed"} else timedelta(0) for name, hold in HOLDS.items()}
)
MINUTES = timedelta(minutes=5)
DEARER = priced(OWL, "0.0000015", "0.0000125")
GONE_SOON = OWL | {"expiration_date": "2026-11-20"}


def patient(**holds: timedelta) -> Settings:
    return Settings(policy=Policy({**HOLDS, **holds}))


def begun(*rows: Row, settings: Settings | None = None) -> Story:
    story = Story(settings or Settings())
    story.shows(*rows)
    return story


@pytest.mark.fault("I9")
def test_the_first_list_is_the_baseline_and_not_news() -> None:
    assert begun(OWL, FINCH, HERON | {"expiration_date": "2026-11-03"}).plan.events == ()


class TestPresence:
    def test_a_new_model_is_news_at_once(self) -> None:
        story = begun(OWL)
        [event] = story.shows(OWL, FINCH)
        assert (event.kind, event.subject, event.before) == ("model.added", "acme/finch-mini", None)

    @pytest.mark.fault("P3", "P24")
    def test_a_model_missing_for_one_poll_is_not_news(self) -> None:
        story = begun(OWL, FINCH)
        assert story.shows(OWL, after=DAY) == []
        assert story.shows(OWL, FINCH) == []

    def test_one_poll_proves_no_removal_however_late_it_comes(self) -> None:
        story = begun(OWL, FINCH)
        assert story.shows(OWL, after=30 * DAY) == []
        assert [event.kind for event in story.shows(OWL, after=DAY)] == ["model.removed"]

    @pytest.mark.fault("P4")
    def test_a_removal_is_news_after_its_hold_and_says_it_was_unannounced(self) -> None:
        story = begun(OWL, FINCH)
        assert story.shows(OWL) == []
        assert story.shows(OWL, after=14 * HOUR) == []
        assert story.shows(OWL, after=13 * HOUR) == []
        [event] = story.shows(OWL)
        assert event.since == story.at - 28 * HOUR
        assert (event.kind, event.subject, event.cause) == (
            "model.removed",
            "acme/finch-mini",
            "without notice",
        )
        assert story.shows(OWL, after=DAY) == []

    def test_a_removal_on_its_announced_date_is_news_at_the_second_poll(self) -> None:
        leaving = FINCH | {"expiration_date": f"{START.date()}"}
        story = begun(OWL, leaving)
        assert story.shows(OWL) == []
        [event] = story.shows(OWL)
        assert (event.kind, event.cause) == ("model.removed", "on its announced date")

    def test_a_removal_before_its_announced_date_says_so(self) -> None:
        story = begun(OWL, FINCH | {"expiration_date": "2026-12-30"})
        story.shows(OWL)
        [event] = story.shows(OWL, after=DAY)
        assert event.cause == "before its announced date"

    @pytest.mark.fault("P24")
    def test_a_model_that_comes_back_later_has_returned_and_is_not_new(self) -> None:
        story = begun(OWL, FINCH, settings=Settings(policy=AT_ONCE))
        story.shows(OWL)
        story.shows(OWL, after=DAY)
        dearer = priced(FINCH, "0.0000002", "0.0000006")
        assert story.shows(OWL, dearer, after=DAY) == []
        [event] = story.shows(OWL, dearer, after=6 * HOUR)
        assert event.kind == "model.returned"
        assert event.after["price"]["prompt"] == "0.0000002", "its price is part of that news"  # type: ignore[index,call-overload]
        assert story.shows(OWL, dearer, after=10 * DAY) == []

    def test_nothing_else_is_reported_about_a_model_that_is_away(self) -> None:
        story = begun(OWL, FINCH)
        story.shows(OWL, priced(FINCH, "1", "1"))
        assert story.shows(OWL, after=20 * HOUR) == []
        assert set(story.state.items["acme/finch-mini"].pending) == {Aspect.LISTED}

    def test_a_model_that_came_and_went_unreported_is_forgotten(self) -> None:
        story = begun(OWL, settings=patient(added=2 * HOUR))
        assert story.shows(OWL, FINCH) == []
        assert story.shows(OWL) == []
        assert "acme/finch-mini" not in story.state.items


class TestExpiration:
    def test_a_date_is_news_at_once(self) -> None:
        story = begun(OWL)
        [event] = story.shows(GONE_SOON)
        assert (event.kind, event.before, event.after) == ("expiration.announced", None, "2026-11-20")

    def test_a_new_model_with_an_expiration_date_is_two_pieces_of_news(self) -> None:
        story = begun(FINCH)
        assert [event.kind for event in story.shows(FINCH, GONE_SOON)] == [
            "model.added",
            "expiration.announced",
        ]

    def test_a_date_that_moves_is_news(self) -> None:
        story = begun(GONE_SOON)
        [event] = story.shows(OWL | {"expiration_date": "2026-12-20"})
        assert (event.kind, event.before, event.after) == ("expiration.moved", "2026-11-20", "2026-12-20")

    def test_a_date_that_vanishes_for_a_day_still_stands(self) -> None:
        story = begun(GONE_SOON)
        assert story.shows(OWL) == []
        assert story.shows(OWL, after=DAY) == []
        assert story.shows(GONE_SOON) == []

    def test_a_date_that_stays_away_is_withdrawn_and_the_same_date_again_is_restored(self) -> None:
        story = begun(GONE_SOON)
        story.shows(OWL)
        [withdrawn] = story.shows(OWL, after=6 * DAY)
        assert (withdrawn.kind, withdrawn.before, withdrawn.after) == (
            "expiration.withdrawn",
            "2026-11-20",
            None,
        )
        assert story.shows(GONE_SOON) == []
        [restored] = story.shows(GONE_SOON, after=8 * HOUR)
        assert (restored.kind, restored.after) == ("expiration.restored", "2026-11-20")

    def test_a_date_that_was_reported_is_never_announced_twice(self) -> None:
        days = ("2026-12-20", "2026-12-27", None, "2026-12-20", "2026-12-27", "2027-01-05")
        story = begun(OWL)
        told = [
            (event.kind, event.after)
            for day in days
            for _ in range(3)
            for event in story.shows(OWL | {"expiration_date": day}, after=3 * DAY)
            if event.kind not in {"expiration.reminder", "expiration.overdue"}
        ]
        assert told == [
            ("expiration.announced", "2026-12-20"),
            ("expiration.moved", "2026-12-27"),
            ("expiration.withdrawn", None),
            ("expiration.restored", "2026-12-20"),
            ("expiration.moved", "2026-12-27"),
            ("expiration.moved", "2027-01-05"),
        ]

    @pytest.mark.fault("T8")
    def test_each_threshold_reminds_once(self) -> None:
        story = begun(OWL, FINCH)
        story.shows(OWL, FINCH | {"expiration_date": "2026-12-05"})
        told = [
            (story.at.day, event.kind)
            for _ in range(70)
            for event in story.shows(OWL, FINCH | {"expiration_date": "2026-12-05"}, after=12 * HOUR)
        ]
        reminders = [(day, "expiration.reminder") for day in (5, 21, 28, 4, 5)]
        assert told == [*reminders, (6, "expiration.overdue")]

    @pytest.mark.fault("W15")
    def test_after_missed_polls_only_the_most_urgent_reminder_is_sent(self) -> None:
        row = OWL | {"expiration_date": "2026-12-30"}
        story = begun(row)
        [event] = story.shows(row, after=55 * DAY)
        assert (event.kind, event.after) == ("expiration.reminder", "2026-12-30")

    @pytest.mark.fault("W15")
    def test_a_short_notice_or_a_nearer_date_gives_one_message_not_two(self) -> None:
        story = begun(OWL)
        assert len(story.shows(OWL | {"expiration_date": "2026-11-07"})) == 1
        assert len(story.shows(OWL | {"expiration_date": "2026-11-03"})) == 1

    def test_a_price_change_and_a_reminder_in_one_poll_are_both_reported(self) -> None:
        row = OWL | {"expiration_date": "2026-11-10"}
        story = begun(row, settings=Settings(policy=AT_ONCE))
        kinds = {event.kind for event in story.shows(DEARER | {"expiration_date": "2026-11-10"}, after=DAY)}
        assert kinds == {"price.changed", "expiration.reminder"}

    def test_no_reminder_while_the_date_is_in_doubt(self) -> None:
        row = OWL | {"expiration_date": "2026-11-10"}
        story = begun(row)
        assert story.shows(OWL, after=DAY) == []
        assert [event.kind for event in story.shows(row)] == ["expiration.reminder"]


def one(story: Story, *rows: Row) -> Event:
    [event] = story.shows(*rows)
    return event


@pytest.mark.parametrize(
    ("change", "kind", "before", "after"),
    [
        ({"context_length": 200000}, "context.changed", 131072, 200000),
        ({"supported_parameters": ["tools"]}, "capability.changed", None, None),
        ({"name": "Acme: Owl Two"}, "model.changed", None, None),
    ],
)
def test_other_changes_to_a_model_are_news_once_they_last(
    change: Any, kind: str, before: Any, after: Any
) -> None:
    story = begun(OWL)
    assert story.shows(OWL | change) == []
    [event] = story.shows(OWL | change, after=DAY)
    assert event.kind == kind
    assert before is None or (event.before, event.after) == (before, after)


def test_another_time_of_day_schedule_is_news_at_once() -> None:
    def by_day(night: str) -> Row:
        window = {"utc_start": 1630, "utc_end": 30, "prompt": night, "completion": "0.000001"}
        return OWL | {"pricing": {"prompt": "0.00000125", "completion": "0.00001", "overrides": [window]}}

    story = begun(by_day("0.0000005"))
    event = one(story, by_day("0.0000006"))
    assert (event.kind, event.cause) == ("price.changed", "prices by time of day changed")


@given(
    polls=st.integers(min_value=1, max_value=40),
    every=st.sampled_from([MINUTES, HOUR, 7 * HOUR, DAY]),
    side=st.sampled_from([{"context_length": 5}, {"supported_parameters": []}, {"expiration_date": None}]),
)
def test_what_reverts_within_its_hold_is_never_reported_and_what_outlasts_it_always_is(
    polls: int, every: timedelta, side: Row
) -> None:
    story = begun(GONE_SOON)
    hold = HOLDS["withdrawn" if "expiration_date" in side else "context"]
    told = [
        number * every
        for number in range(polls)
        for event in story.shows(GONE_SOON | side, after=every)
        if event.kind not in {"expiration.reminder", "expiration.overdue"}
    ]
    due = -(-hold // every) * every  # at the first poll at which it has lasted
    assert told == ([due] if (polls - 1) * every >= due else [])


def test_an_alias_that_points_elsewhere_is_news_at_once() -> None:
    alias = OWL | {"id": "~acme/owl-latest", "alias_target": {"name": "Owl 2", "slug": "acme/owl-2"}}
    story = begun(alias)
    event = one(story, priced(alias, "1", "1") | {"alias_target": {"name": "Owl 3", "slug": "acme/owl-3"}})
    assert (event.kind, event.before, event.after) == ("alias.retargeted", "acme/owl-2", "acme/owl-3")


@pytest.mark.fault("H16", "W21")
def test_alternating_views_do_not_make_an_alias_news_every_time() -> None:
    views = [
        OWL | {"id": "~acme/owl-latest", "alias_target": {"name": slug, "slug": slug}}
        for slug in ("acme/owl-1", "acme/owl-2")
    ]
    story = begun(views[0])
    told = [event for number in range(1, 20) for event in story.shows(views[number % 2])]
    assert [event.after for event in told] == ["acme/owl-2"]
    assert [event.after for _ in range(9) for event in story.shows(views[0])] == ["acme/owl-1"]


@pytest.mark.fault("H16")
def test_a_date_that_flips_back_and_forth_is_not_reported_every_time() -> None:
    rows = [OWL | {"expiration_date": day} for day in ("2026-12-20", "2026-12-27")]
    story = begun(rows[0])
    told = [event.after for number in range(1, 20) for event in story.shows(rows[number % 2])]
    assert told == ["2026-12-27"]


def test_learning_what_was_unknown_is_not_news() -> None:
    alias = OWL | {"id": "~acme/owl-latest"}
    story = begun(OWL, alias)
    known = {"knowledge_cutoff": "2026-01", "reasoning": {"mandatory": True}}
    learned = [OWL | known, alias | {"alias_target": {"slug": "acme/owl-2"}}]
    told = [
        event.kind
        for rows in (learned, learned, [OWL, alias], [OWL, alias])
        for event in story.shows(*rows, after=3 * DAY)
    ]
    assert told == ["catalog.changed"], "only that the list has new fields"


def test_a_store_from_an_older_version_learns_a_new_aspect_silently() -> None:
    story = begun(OWL)
    item = story.state.items["acme/owl-2"]
    assert item.announced
    older = replace(item.announced, context=None, details=None)
    items = {"acme/owl-2": replace(item, announced=older, observed=older)}
    story.state = type(story.state)(items, story.state.sources)
    assert story.shows(OWL, after=2 * DAY) == []
    announced = story.state.items["acme/owl-2"].announced
    assert announced
    assert announced.context == 131072


@pytest.mark.fault("F8")
def test_the_feed_never_removes_a_model() -> None:
    story = begun(OWL, HERON)
    story.answers(HOUR, feed=feed_of({"wetland/heron-large-20260901": "wetland/heron-large"}))
    assert story.answers(3 * DAY, feed=feed_of({"acme/owl-2-20260901": "acme/owl-2"})) == []


@pytest.mark.parametrize(
    "unknown",
    [
        {"supported_parameters": None},
        {"architecture": None},
        {"context_length": None},
        {"top_provider": None},
        {"supported_voices": []},
    ],
)
def test_what_a_row_no_longer_says_is_unknown_and_not_lost(unknown: Row) -> None:
    other = FINCH | {"supported_voices": []}
    story = begun(OWL, other)
    assert story.shows(OWL | unknown, other) == []
    assert story.shows(OWL | unknown, other, after=8 * DAY) == []
    assert story.shows(OWL, other, after=8 * DAY) == []


def test_a_missing_key_is_unknown_too() -> None:
    story = begun(OWL, FINCH)
    short = {
        key: value for key, value in OWL.items() if key not in {"supported_parameters", "context_length"}
    }
    assert story.shows(short, FINCH) == []
    assert story.shows(short, FINCH, after=8 * DAY) == []


def test_a_batch_variant_is_a_capability_of_its_model() -> None:
    batch = priced(OWL, "0.0000005", "0.000005") | {"id": "acme/owl-2:batch"}
    story = begun(OWL, batch)
    assert set(story.state.items) == {"acme/owl-2"}
    assert story.shows(OWL) == []
    [event] = story.shows(OWL, after=DAY)
    assert (event.kind, event.subject) == ("capability.changed", "acme/owl-2")
    assert [(field.path, field.before, field.after) for field in event.fields] == [("service", ["batch"], [])]


def test_a_batch_variant_without_its_model_is_a_model() -> None:
    batch = OWL | {"id": "acme/owl-2:batch"}
    assert set(begun(batch, FINCH).state.items) == {"acme/owl-2:batch", "acme/finch-mini"}


def test_limits_of_the_provider_shown_are_news_of_their_own_once_they_last() -> None:
    shorter = OWL | {"top_provider": OWL["top_provider"] | {"max_completion_tokens": 4096}}
    story = begun(OWL)
    assert story.shows(shorter) == []
    [event] = story.shows(shorter, after=DAY)
    assert event.kind == "limits.changed"
    assert [(field.path, field.before, field.after) for field in event.fields] == [
        ("max_completion_tokens", 16384, 4096)
    ]

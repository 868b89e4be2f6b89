from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, START
from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import Event, Notification
from watcher.domain.schedule import Pace, Pacing, Schedule
from watcher.news.notifications import notifications, notify
from watcher.rules.route import Rule, route
from watcher.rules.values import Globs

DAILY, WEEKLY = Schedule(time(9)), Schedule(time(9), 2)
NEW = Event("new", START, Kind.MODEL_ADDED, "acme/owl-2")
GONE = Event("gone", START, Kind.MODEL_REMOVED, "acme/finch")
FAR = Event("far", START, Kind.EXPIRATION_ANNOUNCED, "acme/heron", None, "2027-03-01")
ALL = Rule("All", ("team",))


def told(*rules: Rule, deliver: Mapping[str, Pacing] | None = None) -> list[Notification]:
    return notifications(route([NEW, GONE, FAR], rules, {}).matches, START, deliver)


def groups(found: list[Notification]) -> dict[tuple[str, ...], tuple[bool, str | None, datetime | None]]:
    return {one.events: (one.urgent, one.digest, one.due) for one in found}


def test_what_is_critical_passes_and_the_rest_is_one_message() -> None:
    assert groups(told(ALL)) == {("gone",): (True, None, None), ("far", "new"): (False, None, None)}


def test_a_channel_with_a_digest_gets_only_what_is_critical_at_once() -> None:
    due = START.replace(hour=9)
    found = groups(told(ALL, deliver={"team": DAILY}))
    assert found == {("gone",): (True, None, None), ("far", "new"): (False, "daily at 09:00", due)}


def test_a_rule_that_says_how_urgent_it_is_decides() -> None:
    calm = replace(ALL, severity=Severity.WARNING)
    [message] = told(calm, deliver={"team": DAILY})
    assert (message.urgent, set(message.events)) == (False, {"gone", "far", "new"})
    assert message.letter
    assert {entry.severity for entry in message.letter.entries} == {"warning"}


def test_a_date_far_ahead_wakes_nobody_however_urgent_its_rule() -> None:
    loud = replace(ALL, severity=Severity.CRITICAL)
    assert {frozenset(one.events): one.urgent for one in told(loud)} == {
        frozenset({"new", "gone"}): True,
        frozenset({"far"}): False,
    }


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_rules_the_most_urgent_counts(order: int) -> None:
    rules = [replace(ALL, name="Calm", severity=Severity.INFO), ALL][::order]
    assert ("gone",) in groups(told(*rules))
    [message] = [one for one in told(*rules) if one.events == ("gone",)]
    assert message.urgent
    assert {*message.rules} == {"Calm", "All"}


@pytest.mark.parametrize(
    ("first", "second", "digest"),
    [
        (DAILY, WEEKLY, "daily at 09:00"),
        (WEEKLY, Pace.EACH_POLL, None),
        (Pace.EACH_POLL, Pace.NOW, "now"),
        (None, DAILY, None),
    ],
)
def test_of_several_rules_the_soonest_tells_and_each_event_is_told_once(
    first: Pacing | None, second: Pacing, digest: str | None
) -> None:
    rules = [replace(ALL, name="First", deliver=first), replace(ALL, name="Second", deliver=second)]
    found = [one for one in told(*rules) if "new" in one.events]
    assert [(one.digest, one.rules) for one in found] == [(digest, ("First", "Second"))]


def test_a_rule_comes_before_its_channels() -> None:
    rule = replace(ALL, deliver=Pace.EACH_POLL)
    assert {one.digest for one in told(rule, deliver={"team": DAILY})} == {None}


def test_what_is_told_now_is_one_message_for_each_change_with_its_batch_variant() -> None:
    batch = replace(NEW, id="batch", subject="acme/owl-2:batch")
    matches = route([NEW, batch, GONE], [replace(ALL, deliver=Pace.NOW)], {}).matches
    found = notifications(matches, START)
    assert sorted(one.events for one in found) == [("gone",), ("new", "batch")]
    assert {one.digest for one in found} == {"now"}


def test_no_digest_holds_what_is_told_directly() -> None:
    calm = replace(ALL, deliver=DAILY, severity=Severity.INFO)
    [message] = notify([NEW], [calm], START)
    assert (message.digest, message.due) == (None, None)


PACINGS = st.sampled_from([None, Pace.NOW, Pace.EACH_POLL, DAILY, WEEKLY])
RULES = st.builds(
    Rule,
    name=st.sampled_from(["a", "b", "c"]),
    notify=st.sampled_from([("team",), ("ops", "team")]),
    when=st.sampled_from([{}, {"event": Globs.parse("model.*")}]),
    severity=st.sampled_from([None, *Severity]),
    deliver=PACINGS,
)


@given(st.lists(RULES, max_size=3, unique_by=lambda rule: rule.name), st.sampled_from([None, DAILY]))
def test_every_match_is_in_one_message_of_its_channel(rules: list[Rule], pacing: Any) -> None:
    matches = route([NEW, GONE, FAR], rules, {}).matches
    found = notifications(matches, START, {"ops": pacing} if pacing else {})
    ids = [(one.channel, event) for one in found for event in one.events]
    assert len(ids) == len(set(ids))
    assert {*ids} == {(match.channel, match.event.id) for match in matches}
    assert all(one.due is None or START < one.due <= START + 8 * DAY for one in found)
    assert all(one.due is None or one.due.tzinfo is UTC for one in found)

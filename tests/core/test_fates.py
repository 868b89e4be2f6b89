"""What became of an event: told, held until when and why, or told to nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.catalogs import DAY, HOUR, START
from watcher.domain.delivery import Channel, Delivery, OutboxState, Quiet, Rate, Secret
from watcher.domain.kinds import Kind
from watcher.domain.mutes import Mute
from watcher.domain.news import Event, Notification
from watcher.reports.explain import RuleCheck
from watcher.reports.fates import OWN, RULES_CHANGED, Fate, Queue, Telling, quiet_until, tellings

EVENT = Event("e", START, Kind.PRICE_CHANGED, "acme/owl-2")
MATCHES = RuleCheck("Prices", ("team", "ops"), ())
UNMET = RuleCheck("Others", ("mail",), ("the author is nobody",))
TEAM = Channel("team", Secret("x://"))
MESSAGE = Notification("team", START, "title", "body", ("Prices",), ("e",))
NIGHT = Quiet(time(22), time(7), UTC)
WAITING = Delivery(3, MESSAGE, OutboxState.WAITING, 0, START)
SENT = replace(WAITING, state=OutboxState.SENT, attempts=1, sent_at=START + HOUR, sent_with=3)


def fates(
    *deliveries: Delivery,
    checks: Sequence[RuleCheck] = (),
    mutes: Sequence[Mute] = (),
    queue: Queue | None = None,
    event: Event = EVENT,
    now: datetime = START + HOUR,
) -> list[Telling]:
    return tellings(event, checks, deliveries, mutes, {"team": queue or Queue(TEAM, deliveries)}, now)


def test_nobody_is_told_what_no_rule_reports() -> None:
    assert fates(checks=[UNMET]) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "told on 2 Nov 2026 09:00 UTC"),
        ({"error": "ok"}, "told on 2 Nov 2026 09:00 UTC: the provider said: ok"),
        (
            {"attempts": 3, "repeat": True},
            "told on 2 Nov 2026 09:00 UTC: at attempt 3; perhaps more than once, and marked so",
        ),
        ({"sent_with": 1}, "told on 2 Nov 2026 09:00 UTC: as one with message 1"),
        ({"sent_at": None, "error": "it was undone"}, "not told: it was undone"),
        ({"sent_at": None}, "not told: there was nothing left to say"),
        ({"state": OutboxState.SENDING}, "being sent: attempt 1"),
        (
            {"state": OutboxState.DEAD, "error": "HTTP 404"},
            "not told, given up on 2 Nov 2026 08:00 UTC: HTTP 404; see `watcher outbox --retry 3`",
        ),
        (
            {"state": OutboxState.DEAD},
            "not told, given up on 2 Nov 2026 08:00 UTC: no reason known; see `watcher outbox --retry 3`",
        ),
    ],
)
def test_what_was_tried_says_what_came_of_it(changes: dict[str, Any], words: str) -> None:
    [telling] = fates(replace(SENT, **changes))
    assert telling.words() == words
    assert (telling.fate is Fate.TOLD) == words.startswith("told")
    assert telling.message == 3


LIMITED = replace(TEAM, limit=Rate(1, HOUR))
FAILED = replace(WAITING, id=2, attempts=1, next_at=START + 2 * HOUR, error="HTTP 500")
DIGEST = replace(WAITING, notification=replace(MESSAGE, digest="daily at 09:00"), next_at=START + 3 * HOUR)


@pytest.mark.parametrize(
    ("delivery", "queue", "words"),
    [
        (WAITING, Queue(TEAM), "waits: it is due, and is sent within a minute if watcher runs"),
        (WAITING, Queue(None), "waits: the channel is no longer configured"),
        (
            DIGEST,
            Queue(TEAM),
            "held until 2 Nov 2026 11:00 UTC: it is part of a digest, daily at 09:00",
        ),
        (
            replace(WAITING, notification=replace(MESSAGE, digest="each poll"), next_at=START + DAY),
            Queue(TEAM),
            "waits: it is due, and is sent within a minute if watcher runs",
        ),
        (
            WAITING,
            Queue(replace(TEAM, quiet=Quiet(time(8), time(10), UTC))),
            "held until 2 Nov 2026 10:00 UTC: quiet hours of the channel, 08:00-10:00",
        ),
        (
            replace(WAITING, notification=replace(MESSAGE, urgent=True)),
            Queue(replace(TEAM, quiet=Quiet(time(8), time(10), UTC))),
            "waits: it is due, and is sent within a minute if watcher runs",
        ),
        (
            WAITING,
            Queue(replace(TEAM, quiet=NIGHT)),
            "waits: it is due, and is sent within a minute if watcher runs",
        ),
        (
            FAILED,
            Queue(TEAM, [FAILED]),
            "held until 2 Nov 2026 10:00 UTC: it failed (HTTP 500) and is tried again",
        ),
        (
            WAITING,
            Queue(TEAM, [replace(FAILED, error=None), WAITING]),
            "held until 2 Nov 2026 10:00 UTC: the message before it failed (no reason known) and is tried again",
        ),
        (
            WAITING,
            Queue(LIMITED, [WAITING], [START + timedelta(minutes=30)]),
            "held until 2 Nov 2026 09:30 UTC: the limit of the channel, 1 message in 1 hour",
        ),
        (
            WAITING,
            Queue(LIMITED, [WAITING], [START - DAY]),
            "waits: it is due, and is sent within a minute if watcher runs",
        ),
        (
            WAITING,
            Queue(
                replace(LIMITED, quiet=Quiet(time(8), time(12), UTC)),
                [WAITING],
                [START + timedelta(minutes=1)],
            ),
            (
                "held until 2 Nov 2026 12:00 UTC: quiet hours of the channel, 08:00-12:00; "
                "the limit of the channel, 1 message in 1 hour"
            ),
        ),
    ],
)
def test_what_waits_says_until_when_and_why(delivery: Delivery, queue: Queue, words: str) -> None:
    [telling] = fates(delivery, queue=queue)
    assert telling.fate is Fate.HELD
    assert telling.words() == words


def test_a_channel_that_is_not_configured_anymore_is_said_to_be_so() -> None:
    [telling] = tellings(EVENT, [], [WAITING], [], {}, START)
    assert telling.words() == "waits: the channel is no longer configured"


def test_what_a_mute_held_back_names_it_for_each_channel_of_the_rules() -> None:
    mute = Mute(1, "acme/*", START, why="planned")
    found = fates(checks=[MATCHES, UNMET], mutes=[mute])
    assert [(one.channel, one.words()) for one in found] == [
        ("team", "not told: the mute of acme/* held it back (planned)"),
        ("ops", "not told: the mute of acme/* held it back (planned)"),
    ]
    ack = Mute(2, "acme/owl-2", START, fact="2026-12-01")
    [alone] = fates(mutes=[ack])
    assert (alone.channel, alone.words()) == (
        "",
        "not told: the acknowledgement of acme/owl-2 held it back",
    )


def test_a_rule_that_is_newer_than_the_event_told_nobody() -> None:
    found = fates(SENT, checks=[MATCHES])
    assert [(one.channel, one.fate) for one in found] == [("team", Fate.TOLD), ("ops", Fate.UNTOLD)]
    assert found[1].words() == f"not told: {RULES_CHANGED}"


def test_a_channel_is_not_told_about_itself() -> None:
    event = replace(EVENT, kind=Kind.CHANNEL_FAILING, subject="team")
    found = fates(replace(SENT, notification=replace(MESSAGE, channel="ops")), checks=[MATCHES], event=event)
    assert [(one.channel, one.fate) for one in found] == [("ops", Fate.TOLD), ("team", Fate.UNTOLD)]
    assert found[1].words() == f"not told: {OWN}"


def test_times_are_those_of_the_zone_and_machines_get_utc() -> None:
    [telling] = fates(SENT)
    assert telling.words(ZoneInfo("Europe/Berlin")) == "told on 2 Nov 2026 10:00 CET"
    assert telling.as_json() == {
        "channel": "team",
        "fate": "told",
        "at": "2026-11-02T09:00:00Z",
        "reasons": [],
        "message": 3,
    }
    [waiting] = fates(WAITING, queue=Queue(TEAM))
    assert waiting.as_json()["at"] is None


@pytest.mark.parametrize(
    ("quiet", "now", "end"),
    [
        (NIGHT, START.replace(hour=23), START.replace(day=3, hour=7)),
        (NIGHT, START.replace(hour=3), START.replace(hour=7)),
        (Quiet(time(1), time(3), UTC), START.replace(hour=1), START.replace(hour=3)),
        (
            Quiet(time(22), time(7), ZoneInfo("Europe/Berlin")),
            datetime(2026, 10, 24, 21, tzinfo=UTC),
            datetime(2026, 10, 25, 6, tzinfo=UTC),
        ),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(quiet: Quiet, now: datetime, end: datetime) -> None:
    assert quiet_until(quiet, now) == end

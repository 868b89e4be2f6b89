from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.catalogs import DAY, HOUR
from tests.support.send_one import REFUSED, RETRY, SENT, message
from watcher.delivery.schedule import MOST_ATTEMPTS, as_one, due_at, next_attempt, ready
from watcher.domain.catalog import FieldChange
from watcher.domain.delivery import Channel, Delivery, OutboxState, Outcome, Quiet, Rate, Secret
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, Notification

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
ANY = Channel("team", Secret("console://"))
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def waits(
    number: int,
    at: datetime = NOW,
    *,
    next_at: datetime | None = None,
    attempts: int = 0,
    repeat: bool = False,
    urgent: bool = False,
) -> Delivery:
    told = Notification(
        channel="team",
        at=at,
        title=f"title {number}",
        body=f"body {number}",
        rules=(f"rule {number}",),
        events=(f"e{number}",),
        urgent=urgent,
    )
    return Delivery(number, told, OutboxState.WAITING, attempts, next_at or at, repeat)


def ids(batch: tuple[Delivery, ...]) -> list[int]:
    return [delivery.id for delivery in batch]


def quiet(start: str, end: str) -> Channel:
    return Channel(
        "team",
        Secret("console://"),
        quiet=Quiet(time.fromisoformat(start), time.fromisoformat(end), PARIS),
    )


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


@pytest.mark.fault("L15", "W19")
def test_a_backlog_is_sent_as_one_message_in_order() -> None:
    assert ids(ready([waits(n) for n in range(1, 501)], [], ANY, NOW)) == list(range(1, 501))
    assert ready([], [], ANY, NOW) == ()
    assert due_at([], [], ANY, NOW) is None


@pytest.mark.fault("I3")
def test_what_may_have_arrived_is_sent_separately_from_what_is_new() -> None:
    assert ids(ready([waits(1, repeat=True), waits(2), waits(3)], [], ANY, NOW)) == [1]
    assert ids(ready([waits(2), waits(3), waits(4, repeat=True)], [], ANY, NOW)) == [2, 3]


@pytest.mark.fault("L2")
def test_a_failure_pauses_the_whole_channel() -> None:
    waiting = [waits(1, next_at=NOW + 30 * SECOND, attempts=1), waits(2)]
    assert ready(waiting, [], ANY, NOW) == ()
    assert due_at(waiting, [], ANY, NOW) == NOW + 30 * SECOND
    assert ids(ready(waiting, [], ANY, NOW + 30 * SECOND)) == [1, 2]


@pytest.mark.fault("I11", "L16")
def test_a_channel_gets_no_more_than_its_limit_and_the_rest_as_one_message() -> None:
    channel = Channel("team", Secret(""), Rate(2, HOUR))
    waiting = [waits(3), waits(4)]
    sent = [NOW - 50 * MINUTE, NOW - 10 * MINUTE]
    assert ready(waiting, sent, channel, NOW) == ()
    assert due_at(waiting, sent, channel, NOW) == NOW + 10 * MINUTE
    assert ids(ready(waiting, sent, channel, NOW + 10 * MINUTE)) == [3, 4]
    assert ids(ready(waiting, sent[1:], channel, NOW)) == [3, 4]


@pytest.mark.parametrize("ahead", [8 * HOUR, DAY, 365 * DAY])
@pytest.mark.fault("S17", "T1")
def test_an_attempt_scheduled_by_a_wrong_clock_is_not_lost(ahead: timedelta) -> None:
    assert ids(ready([waits(1, next_at=NOW + ahead, attempts=3)], [], ANY, NOW)) == [1]
    assert ids(ready([waits(2)], [NOW + ahead], Channel("team", Secret(""), Rate(1, HOUR)), NOW)) == [2]


class TestQuietHours:
    @pytest.mark.fault("T4", "W17")
    def test_they_hold_all_but_urgent_messages_and_then_send_the_rest_once(self) -> None:
        channel = quiet("22:00", "07:00")
        night = local("2026-03-28T23:30")
        waiting = [waits(n, night) for n in range(1, 12)] + [waits(12, night, urgent=True)]
        assert ids(ready(waiting, [], channel, night)) == [12]
        assert due_at(waiting[:-1], [], channel, night) is None
        assert ids(ready(waiting[:-1], [], channel, local("2026-03-29T06:59"))) == []
        assert ids(ready(waiting[:-1], [], channel, local("2026-03-29T07:00"))) == list(range(1, 12))

    @pytest.mark.parametrize(
        ("at", "fold", "is_told"),
        [
            pytest.param("2026-03-29T01:59", 0, False, id="before-the-gap", marks=pytest.mark.fault("T2")),
            pytest.param(
                "2026-03-29T03:00", 0, True, id="the-end-is-in-the-gap", marks=pytest.mark.fault("T2")
            ),
            pytest.param("2026-10-25T02:29", 0, False, id="before-the-end", marks=pytest.mark.fault("T3")),
            pytest.param("2026-10-25T02:30", 0, True, id="the-end", marks=pytest.mark.fault("T3")),
            pytest.param(
                "2026-10-25T02:29", 1, False, id="the-same-time-again", marks=pytest.mark.fault("T3")
            ),
            pytest.param("2026-10-25T02:30", 1, True, id="the-end-again", marks=pytest.mark.fault("T3")),
        ],
    )
    def test_they_end_by_the_clock_on_the_wall(self, at: str, fold: int, *, is_told: bool) -> None:
        assert bool(ready([waits(1)], [], quiet("22:00", "02:30"), local(at, fold))) is is_told

    @pytest.mark.parametrize(("hour", "is_told"), [("11:59", True), ("12:00", False), ("14:00", True)])
    def test_they_can_be_in_the_daytime(self, hour: str, *, is_told: bool) -> None:
        at = local(f"2026-03-28T{hour}")
        assert bool(ready([waits(1, at)], [], quiet("12:00", "14:00"), at)) is is_told


class TestAsOne:
    def test_a_single_message_stays_as_it_is(self) -> None:
        assert as_one([waits(1)], [], NOW) == waits(1)

    @pytest.mark.fault("L17", "L18")
    def test_several_together_name_all_events_rules_and_since_when(self) -> None:
        high, low = "0.000002", "0.000001"
        events = [
            Event(number, at, Kind.PRICE_CHANGED, "acme/owl-2", {"prompt": old}, {"prompt": new}, (change,))
            for number, at, old, new in [("e1", NOW, low, high), ("e2", NOW + HOUR, high, low)]
            for change in [FieldChange("prompt", old, new)]
        ]
        whole = as_one([waits(1), waits(2, NOW + HOUR, urgent=True)], events, NOW + DAY)
        assert whole
        told = whole.notification
        assert whole.id == 1
        assert told.events == ("e1", "e2")
        assert told.rules == ("rule 1", "rule 2")
        assert told.urgent
        assert "acme/owl-2: prompt $1.00 → $2.00 (+100 %) per M tokens · 28 Mar 2026 12:00 UTC" in told.body
        assert "acme/owl-2: prompt $2.00 → $1.00 (-50 %) per M tokens · 28 Mar 2026 13:00 UTC" in told.body
        assert told.body.endswith(
            "Rules: rule 1, rule 2 · 29 Mar 2026 12:00 UTC · covers everything since 28 Mar 2026 12:00 UTC"
        )

    def test_urgent_and_other_messages_of_one_poll_cover_no_period(self) -> None:
        events = [Event(n, NOW, Kind.SOURCE_FAILING, "models", cause="down") for n in ("e1", "e2")]
        whole = as_one([waits(1, urgent=True), waits(2)], events, NOW)
        assert whole
        assert "covers everything since" not in whole.notification.body

    @pytest.mark.fault("X21")
    def test_where_an_event_is_gone_their_texts_are_joined(self) -> None:
        told = as_one([waits(1), waits(2), waits(3)], [Event("e1", NOW, Kind.MODEL_ADDED, "acme/owl-2")], NOW)
        assert told
        assert told.notification.title == "title 1 and more"
        assert told.notification.body == "body 1\n\nbody 2\n\nbody 3"
        assert told.notification.events == ("e1", "e2", "e3")
        assert told.notification.rules == ("rule 1", "rule 2", "rule 3")


def tried(attempts: int, refusals: int = 0) -> Delivery:
    return Delivery(1, message().notification, OutboxState.SENDING, attempts, NOW, refusals=refusals)


def pauses(attempts: range, jitter: float = 0.0) -> list[float]:
    found = [next_attempt(Outcome(RETRY), tried(number), NOW, jitter) for number in attempts]
    return [(at - NOW).total_seconds() for at in found if at is not None]


@pytest.mark.fault("L1")
def test_the_pauses_double_from_ten_seconds_to_an_hour_with_jitter() -> None:
    assert pauses(range(1, 13)) == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert pauses(range(1, 13), 1.0) == [12.5, 25, 50, 100, 200, 400, 800, 1600, 3200, 3600, 3600, 3600]


@pytest.mark.fault("L15")
def test_a_provider_that_is_down_has_three_days() -> None:
    whole = timedelta(seconds=sum(pauses(range(1, 1_000))))
    assert timedelta(days=3) <= whole < timedelta(days=3, hours=1)
    assert len(pauses(range(1, 1_000))) == MOST_ATTEMPTS - 1


@pytest.mark.parametrize("attempts", [1, 50])
@pytest.mark.fault("L4")
def test_a_message_is_given_up_when_it_was_refused_three_times(attempts: int) -> None:
    again = [
        next_attempt(Outcome(REFUSED), tried(attempts, refusals), NOW, 0.0) is not None
        for refusals in range(4)
    ]
    assert again == [True, True, False, False]


@pytest.mark.parametrize(("wish", "seconds"), [(30.0, 30), (5.0, 10), (None, 10), (1e9, 6 * 3600)])
@pytest.mark.fault("L2")
def test_a_provider_may_ask_for_a_longer_pause_up_to_six_hours(wish: float | None, seconds: int) -> None:
    assert next_attempt(Outcome(RETRY, "", wish), tried(1), NOW, 0.0) == NOW + timedelta(seconds=seconds)


def test_what_was_sent_is_not_sent_again() -> None:
    assert next_attempt(Outcome(SENT), tried(1), NOW, 0.0) is None

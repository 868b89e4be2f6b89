from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.core.test_schedule import ANY, MINUTE, NOW, ids, quiet, waits
from tests.support.catalogs import DAY, HOUR
from watcher.delivery.schedule import as_one, due_at, is_held, ready
from watcher.domain.delivery import Channel, Delivery, Rate, Secret
from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import Event
from watcher.messages.message import notification

DAILY, WEEKLY = "daily at 09:00", "weekly on Monday at 09:00"
WEEK = 7 * DAY


def paced(delivery: Delivery, digest: str | None) -> Delivery:
    return replace(delivery, notification=replace(delivery.notification, digest=digest))


def held(number: int, due: timedelta = DAY, schedule: str = DAILY, *, urgent: bool = False) -> Delivery:
    return paced(waits(number, next_at=NOW + due, urgent=urgent), schedule)


def tell(*events: Event) -> Delivery:
    """Return a message about events as a rule told them, held for a digest."""
    told = notification("team", NOW, events, ["One"])
    return paced(replace(waits(1), notification=told), DAILY)


class TestWaiting:
    @pytest.mark.parametrize("due", [MINUTE, DAY, WEEK, WEEK + HOUR])
    def test_a_digest_waits_for_its_time_and_delays_nothing(self, due: timedelta) -> None:
        waiting = [held(1, due), waits(2)]
        assert ids(ready(waiting, [], ANY, NOW)) == [2]
        assert due_at(waiting, [], ANY, NOW) == NOW
        assert ready(waiting[:1], [], ANY, NOW + due - MINUTE / 2) == ()
        assert due_at(waiting[:1], [], ANY, NOW) == NOW + due
        assert ids(ready(waiting[:1], [], ANY, NOW + due)) == [1]

    def test_all_of_one_schedule_go_together_and_apart_from_others(self) -> None:
        waiting = [held(1), waits(2), held(3, schedule=WEEKLY), held(4), waits(5), held(6, 2 * DAY)]
        assert ids(ready(waiting, [], ANY, NOW + DAY)) == [1, 4]
        assert ids(ready(waiting[1:], [], ANY, NOW + DAY)) == [2, 5]
        assert ids(ready([waiting[2], waiting[5]], [], ANY, NOW + DAY)) == [3]

    def test_a_digest_that_was_missed_goes_with_the_next_one(self) -> None:
        assert ids(ready([held(1), held(2, 2 * DAY)], [], ANY, NOW + 3 * DAY)) == [1, 2]

    def test_a_possible_repeat_is_a_digest_of_its_own(self) -> None:
        waiting = [replace(held(1), attempts=1, repeat=True), held(2)]
        assert ids(ready(waiting, [], ANY, NOW + DAY)) == [1]

    @pytest.mark.fault("S17", "T1")
    def test_a_digest_that_a_wrong_clock_planned_is_not_lost(self) -> None:
        ahead = replace(held(1, 400 * DAY), notification=replace(held(1).notification, at=NOW + 399 * DAY))
        assert not is_held(ahead, NOW)
        assert ids(ready([ahead], [], ANY, NOW)) == [1]

    @pytest.mark.fault("L2")
    def test_a_digest_that_failed_pauses_the_channel_like_any_message(self) -> None:
        failed = replace(held(1, MINUTE), attempts=1)
        assert ready([failed, waits(2)], [], ANY, NOW) == ()
        assert due_at([failed, waits(2)], [], ANY, NOW) == NOW + MINUTE

    def test_a_digest_that_is_due_in_quiet_hours_comes_after_them(self) -> None:
        channel = quiet("13:00", "15:00")  # Paris: 12:00 to 14:00 UTC
        assert ready([held(1, MINUTE)], [], channel, NOW + HOUR) == ()
        assert ids(ready([held(1, MINUTE)], [], channel, NOW + 2 * HOUR)) == [1]


class TestEachByItself:
    def test_what_is_told_now_goes_one_by_one(self) -> None:
        waiting = [paced(waits(1), "now"), waits(2), paced(waits(3), "now")]
        assert ids(ready(waiting, [], ANY, NOW)) == [1]
        assert ids(ready(waiting[1:], [], ANY, NOW)) == [2]
        assert ids(ready(waiting[2:], [], ANY, NOW)) == [3]

    def test_the_last_message_within_the_limit_has_all_that_is_left(self) -> None:
        channel = Channel("team", Secret(""), Rate(3, HOUR))
        waiting = [paced(waits(number), "now") for number in range(1, 10)]
        assert ids(ready(waiting, [], channel, NOW)) == [1]
        assert ids(ready(waiting[1:], [NOW], channel, NOW)) == [2]
        assert ids(ready(waiting[2:], [NOW, NOW], channel, NOW)) == [3, 4, 5, 6, 7, 8, 9]

    @pytest.mark.parametrize("old", [{"at": NOW - HOUR}, {"attempts": 1}])
    def test_what_was_held_back_goes_as_one(self, old: dict[str, object]) -> None:
        waiting = [paced(waits(number, **old), "now") for number in (1, 2)]  # type: ignore[arg-type]
        assert ids(ready(waiting, [], ANY, NOW)) == [1, 2]


class TestWriting:
    NEW = Event("e1", NOW, Kind.MODEL_ADDED, "acme/owl-2")
    GONE = Event("e2", NOW, Kind.MODEL_REMOVED, "acme/owl-2")

    def test_a_digest_is_written_when_it_is_sent(self) -> None:
        whole = as_one([tell(self.NEW)], [self.NEW], NOW + DAY, ZoneInfo("Europe/Berlin"))
        assert whole
        assert whole.notification.title == "Daily digest, 29 Mar: 1 new"
        assert whole.notification.digest == DAILY
        assert whole.notification.at == NOW + DAY

    def test_of_a_digest_in_which_all_was_undone_nothing_is_left(self) -> None:
        batch = [tell(self.NEW), tell(replace(self.GONE, at=NOW + HOUR))]
        assert as_one(batch, [self.NEW, replace(self.GONE, at=NOW + HOUR)], NOW + DAY) is None

    @pytest.mark.fault("X21")
    def test_where_events_are_gone_what_was_written_is_sent(self) -> None:
        one = as_one([held(1)], [], NOW + DAY)
        assert one
        assert one.notification.title == "title 1"
        two = as_one([held(1), held(2)], [], NOW + DAY)
        assert two
        assert two.notification.title == "title 1 and more"
        assert two.notification.digest == DAILY

    @pytest.mark.parametrize("digest", [DAILY, None])
    def test_what_rules_said_of_the_severity_is_remembered(self, digest: str | None) -> None:
        loud = replace(self.NEW, severity=Severity.CRITICAL)
        detail = Event("e3", NOW, Kind.LIMITS_CHANGED, "acme/owl-2")
        batch = [paced(one, digest) for one in (tell(loud), tell(detail))]
        whole = as_one(batch, [self.NEW, detail], NOW + DAY)
        assert whole
        assert whole.notification.letter
        said = {entry.kind: entry.severity for entry in whole.notification.letter.entries}
        assert said == {"model.added": "critical", "limits.changed": "info"}

from datetime import UTC, datetime, time

from tests.support.catalogs import DAY, HOUR, START
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import Plan, State
from watcher.domain.schedule import Pace, Pacing, Schedule
from watcher.news.notifications import notifications
from watcher.reports.outgoing import Outgoing
from watcher.rules.route import Rule, route

ALL = Rule("All", ("team",))
DAILY = Schedule(time(9))


def news(number: int, kind: Kind, model: str, hours: int) -> Event:
    return Event(f"e{number}", START + hours * HOUR, kind, model)


def plan(at: datetime, pacing: Pacing, *events: Event) -> Plan:
    matches = route(events, [ALL], {}).matches
    return Plan(State(), events=events, notifications=tuple(notifications(matches, at, {"team": pacing})))


def test_what_is_critical_and_the_rest_of_a_poll_are_one_message() -> None:
    gone, new = news(1, Kind.MODEL_REMOVED, "acme/a", 0), news(2, Kind.MODEL_ADDED, "acme/b", 0)
    decided = plan(START, Pace.EACH_POLL, gone, new)
    assert len(decided.notifications) == 2
    [sent] = Outgoing().sent(decided, START)
    assert {*sent.events} == {"e1", "e2"}


def test_digests_are_sent_when_they_are_due_and_the_rest_at_the_end() -> None:
    outgoing = Outgoing()
    first = news(1, Kind.MODEL_ADDED, "acme/a", 0)
    assert outgoing.sent(plan(START, DAILY, first), START) == []
    assert [one.events for one in outgoing.held] == [("e1",)]
    later = START + 6 * HOUR
    [digest] = outgoing.sent(plan(later, DAILY, news(2, Kind.MODEL_ADDED, "acme/b", 6)), later)
    assert (digest.at, digest.title) == (datetime(2026, 11, 2, 9, tzinfo=UTC), "Daily digest, 2 Nov: 1 new")
    [rest] = outgoing.rest()
    assert (rest.at, rest.events) == (datetime(2026, 11, 3, 9, tzinfo=UTC), ("e2",))
    assert outgoing.rest() == []


def test_a_digest_whose_news_was_undone_is_not_sent() -> None:
    outgoing = Outgoing()
    events = news(1, Kind.SOURCE_FAILING, "models", 2), news(2, Kind.SOURCE_RECOVERED, "models", 3)
    calm = [Rule("All", ("team",), deliver=DAILY, severity=Kind.MODEL_ADDED.row.severity)]
    matches = route(events, calm, {}).matches
    decided = Plan(State(), events=events, notifications=tuple(notifications(matches, START + 3 * HOUR)))
    assert outgoing.sent(decided, START + 3 * HOUR) == []
    assert outgoing.sent(Plan(State()), START + 2 * DAY) == []


def test_what_is_told_now_is_one_message_each() -> None:
    events = [news(number, Kind.MODEL_ADDED, f"acme/{number}", 0) for number in range(30)]
    assert len(Outgoing().sent(plan(START, Pace.NOW, *events), START)) == 30

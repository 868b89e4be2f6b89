"""The health of sources and of watcher itself: a lasting failure is reported once, and so is its end."""

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.news import Event
from watcher.domain.polls import LIST, MODELS, ROW, Failure, Health, Part, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.events import of_part
from watcher.news.settings import Settings

LONGEST_GAP = timedelta(days=32)  # between two polls; a longer one is a clock that was set


def judge(
    part: Part, source: Health, problem: str | None, at: datetime, hold: timedelta
) -> tuple[Health, list[Event]]:
    """Update a part's health with its problem at `at` (UTC), if any; return it with the news.

    A problem is news once it has lasted `hold`, by a clock that did not jump in between.
    """
    has_jumped = bool(source.asked_at) and not timedelta(0) <= at - (source.asked_at or at) <= LONGEST_GAP
    source = replace(source, asked_at=at)
    if problem is None:
        recovered = replace(source, failing_since=None, reason=None, failures=0, reported=False)
        start = None if has_jumped else source.failing_since
        end = of_part(part, "recovered", at, source.episodes, None, since=start)
        return recovered, [end] if source.reported else []
    since = at if has_jumped else min(source.failing_since or at, at)
    failing = replace(source, failing_since=since, reason=problem, failures=source.failures + 1)
    if source.reported or at - since < hold:
        return failing, []
    reported = replace(failing, reported=True, episodes=source.episodes + 1)
    return reported, [of_part(part, "failing", at, reported.episodes, problem, since=since)]


def judge_sources(state: State, poll: Poll, settings: Settings) -> tuple[dict[str, Health], list[Event]]:
    """Update each source's health by its answer; return it by name, with the news about it."""
    sources, events = dict(state.sources), list[Event]()
    for name, answer in poll.answers.items():
        source = state.sources.get(name, Health())
        problem: str | None = None
        if isinstance(answer, Failure) or (isinstance(answer, OffersSnapshot) and answer.reason):
            problem = answer.reason
        else:
            source = replace(source, query_id=answer.query_id, last_good=poll.at)
        hold = settings.policy.holds["source"]
        sources[name], news = judge(("source", name), source, problem, poll.at, hold)
        events += [_with_waiting(event, state.waiting if name == MODELS else 0) for event in news]
    return sources, events


def _with_waiting(event: Event, number: int) -> Event:
    """Add how much waits for a part that fails."""
    is_told = number and event.kind.endswith(".failing")
    return replace(event, facts={**event.facts, "waiting": number}) if is_told else event


def judge_parts(state: State, poll: Poll, settings: Settings) -> tuple[dict[Part, Health], list[Event]]:
    """Update the health of channels and configuration; return it with the news about it."""
    troubles = {part: health for part, health in state.troubles.items() if part[0] not in {ROW, LIST}}
    events = list[Event]()
    channels = {("channel", channel) for rule in settings.rules for channel in rule.notify}
    for part in {**troubles, **poll.troubles}:
        if part[0] == "channel" and part not in channels:
            troubles.pop(part, None)  # no rule uses the channel anymore
            continue
        trouble = poll.troubles.get(part)
        hold = timedelta(0) if trouble and trouble.is_final else settings.policy.holds["channel"]
        before = state.troubles.get(part, Health())
        troubles[part], news = judge(part, before, trouble.reason if trouble else None, poll.at, hold)
        events += [_with_waiting(event, trouble.waiting if trouble else 0) for event in news]
    return troubles, events

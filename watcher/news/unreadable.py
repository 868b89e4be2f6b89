"""Rows of the list that cannot be read, as a whole or in part: what lasts is news, and so is its end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from watcher.domain.catalog import Document, Item, Snapshot
from watcher.domain.news import Event
from watcher.domain.polls import MODELS, ROW, Health, Part, Poll, State
from watcher.news.events import event_id
from watcher.news.health import judge
from watcher.news.settings import Settings
from watcher.text.times import to_iso

OF_UNREADABLE = ("{} is {}", "is {}", "has {}")


def judge_rows(
    state: State, items: Mapping[str, Item], poll: Poll, settings: Settings
) -> tuple[dict[Part, Health], list[Event]]:
    """Return since when and why which rows cannot be read, and the news about them."""
    before = {part: health for part, health in state.troubles.items() if part[0] == ROW}
    answer = poll.answers.get(MODELS)
    if not isinstance(answer, Snapshot):
        return before, []
    found = unreadable(answer)
    readable = {part[1] for part in before} & answer.documents.keys()  # nothing is said of what has left
    troubles, events = dict[Part, Health](), list[Event]()
    for model in sorted(found.keys() | readable):
        row: Part = (ROW, model)
        known = before.get(row, Health())
        if known.reported and _is_worse(answer, model, known.reason or ""):
            known = Health(episodes=known.episodes)  # what is reported does not cover this
        health, news = judge(row, known, found.get(model), poll.at, settings.policy.holds["source"])
        since = known.failing_since or poll.at
        events += [_of_model(event, since, items.get(model, Item()).observed) for event in news]
        if health.failing_since:
            troubles[row] = health
    return troubles, events


def unreadable(answer: Snapshot) -> dict[str, str]:
    """Return why rows, or fields of them, cannot be read, by model."""
    in_part = {
        model: "; ".join(f"{name} {problem}" for name, problem in fields.items())
        for model, fields in answer.unread.items()
    }
    return {**answer.refused, **in_part}


def _is_worse(answer: Snapshot, model: str, reported: str) -> bool:
    """Whether more of a row is unreadable than what was reported."""
    fields_or_reason = answer.unread.get(model) or [answer.refused.get(model, "")]
    return any(problem not in reported for problem in fields_or_reason)


def _of_model(event: Event, since: datetime, document: Document | None) -> Event:
    """Return the event with what it is about; each time that a row becomes unreadable has its own id."""
    number = event_id(event.kind, event.subject, None, to_iso(since), 0)
    return replace(event, id=number, since=since, model=document)

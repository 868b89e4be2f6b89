"""What remains of events over a while: several about one thing are one, and what was undone is none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

from watcher.domain.catalog import FieldChange, Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event

PRESENCE = (Kind.MODEL_ADDED, Kind.MODEL_PRICED, Kind.MODEL_REMOVED, Kind.MODEL_RETURNED)
MARKS = (Kind.EXPIRATION_REMINDER, Kind.EXPIRATION_OVERDUE)
DATES = (
    *MARKS,
    Kind.EXPIRATION_ANNOUNCED,
    Kind.EXPIRATION_MOVED,
    Kind.EXPIRATION_RESTORED,
    Kind.EXPIRATION_WITHDRAWN,
)
TURNS = (
    (Kind.PROVIDER_ADDED, Kind.PROVIDER_REMOVED),
    (Kind.MODEL_UNREADABLE, Kind.MODEL_READABLE),
    (Kind.CATALOG_INCOMPLETE, Kind.CATALOG_COMPLETE),
    (Kind.SOURCE_FAILING, Kind.SOURCE_RECOVERED),
    (Kind.CHANNEL_FAILING, Kind.CHANNEL_RECOVERED),
    (Kind.CONFIGURATION_FAILING, Kind.CONFIGURATION_RECOVERED),
    (Kind.STORE_FAILING, Kind.STORE_RECOVERED),
)
"""Kinds that undo each other."""
VALUES = (
    Kind.PRICE_CHANGED,
    Kind.PRICE_ROUTED,
    Kind.PRICE_DETAIL,
    Kind.PROVIDER_PRICE_CHANGED,
    Kind.PROVIDER_LIMITS_CHANGED,
    Kind.ALIAS_RETARGETED,
    Kind.CONTEXT_CHANGED,
    Kind.CAPABILITY_CHANGED,
    Kind.LIMITS_CHANGED,
    Kind.MODEL_CHANGED,
    Kind.EXPIRATION_DESCRIBED,
)
"""Kinds with a value before and after."""


@dataclass(frozen=True, slots=True)
class Remains:
    """The events that remain, the ids of all that each stands for (by its id), and how many were undone."""

    events: tuple[Event, ...]
    ids: Mapping[str, tuple[str, ...]]
    undone: int


def net(events: Iterable[Event]) -> Remains:
    """Return what remains of events that happened one after the other."""
    chains: dict[tuple[str, str, str], list[Event]] = {}
    for event in sorted(events, key=lambda event: event.at):
        chains.setdefault(_chain(event), []).append(event)
    left = [(_net_of(found), found) for found in chains.values()]
    kept = {event.id: (event, [one.id for one in found]) for event, found in left if event}
    undone = [found for event, found in left if not event]
    return _without_models_that_left(kept, undone)


Kept: TypeAlias = dict[str, tuple[Event, list[str]]]
"""What remains by its id, and the ids of all that it stands for."""


def _without_models_that_left(kept: Kept, undone: Sequence[Sequence[Event]]) -> Remains:
    """Leave out the dates of models that are gone, and everything about those that came and went."""
    gone = {event.subject: event.id for event, _ in kept.values() if event.kind is Kind.MODEL_REMOVED}
    went = {found[-1].subject for found in undone if found[-1].kind is Kind.MODEL_REMOVED}
    number = sum(map(len, undone))
    for event, ids in [*kept.values()]:
        if event.subject in went:
            number += len(ids)
            del kept[event.id]
        elif event.subject in gone and event.kind in DATES:
            kept[gone[event.subject]][1].extend(ids)
            del kept[event.id]
    ids_of = {event.id: tuple(ids) for event, ids in kept.values()}
    return Remains(tuple(event for event, _ in kept.values()), ids_of, number)


def _chain(event: Event) -> tuple[str, str, str]:
    """Name what an event is about: events with the same name replace or undo each other."""
    topic = TOPICS.get(event.kind, event.id)
    return event.subject, topic, event.provider or "" if topic.startswith("provider.") else ""


def _net_of(events: Sequence[Event]) -> Event | None:
    return events[0] if len(events) == 1 else JUDGES[TOPICS[events[0].kind]](events)


def _presence(events: Sequence[Event]) -> Event | None:
    """Tell nothing of a model that comes and goes; one that came has the price that became known."""
    first, last = events[0], events[-1]
    if first.kind is Kind.MODEL_PRICED:
        return last if last.kind is Kind.MODEL_REMOVED else first
    if (first.kind is Kind.MODEL_REMOVED) == (last.kind is not Kind.MODEL_REMOVED):
        return None
    if last.kind is not Kind.MODEL_PRICED:
        return last
    summary = first.after if isinstance(first.after, Mapping) else {}
    return replace(first, after={**summary, "price": last.after})


def _dates(events: Sequence[Event]) -> Event | None:
    """Compare the date at first and at last; a reminder of one that is the same again remains."""
    changes = [event for event in events if event.kind not in MARKS]
    last_mark = next((event for event in reversed(events) if event.kind in MARKS), None)
    if not changes or events[-1].kind is Kind.EXPIRATION_OVERDUE:
        return events[-1]
    start, last = changes[0].before, changes[-1]
    if start == last.after:
        return last_mark if start is not None and last_mark and last_mark.after == start else None
    if last.after is None or len(changes) == 1:
        return replace(last, before=start)
    kind = changes[0].kind if start is None else Kind.EXPIRATION_MOVED
    return replace(last, before=start, kind=kind)


def _turns(events: Sequence[Event]) -> Event | None:
    """Tell nothing of what ends as it began."""
    return events[-1] if events[0].kind is events[-1].kind else None


def _values(events: Sequence[Event]) -> Event | None:
    """Compare a value at first and at last; causes of single steps may not fit that."""
    first, last = events[0], events[-1]
    fields = _fields(list(chain.from_iterable(event.fields for event in events)))
    is_same = not fields if any(event.fields for event in events) else first.before == last.after
    if is_same:
        return None
    causes = {event.cause for event in events}
    said = [event.severity for event in events if event.severity is not None]
    return replace(
        last,
        before=first.before,
        fields=fields,
        since=first.since,
        cause=last.cause if len(causes) == 1 else None,
        facts={},
        severity=min(said, default=None),
    )


def _fields(changes: Sequence[FieldChange]) -> tuple[FieldChange, ...]:
    """Join the changes of each value, without those that were undone."""
    ends: dict[str, tuple[Json, Json]] = {}
    for change in changes:
        ends[change.path] = ends.get(change.path, (change.before, None))[0], change.after
    return tuple(
        FieldChange(path, before, after) for path, (before, after) in ends.items() if before != after
    )


TOPICS: Mapping[Kind, str] = {
    **dict.fromkeys(PRESENCE, "presence"),
    **dict.fromkeys(DATES, "dates"),
    **{kind: pair[0].value for pair in TURNS for kind in pair},
    **{kind: kind.value for kind in VALUES},
}
"""What each kind is about; the kinds without a row stand for themselves."""
JUDGES: Mapping[str, Callable[[Sequence[Event]], Event | None]] = {
    "presence": _presence,
    "dates": _dates,
    **{pair[0].value: _turns for pair in TURNS},
    **{kind.value: _values for kind in VALUES},
}
"""What remains of several events about one thing."""

"""Which events are held back because someone muted a model or acknowledged its date."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watcher.domain.kinds import About, Kind
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.openrouter import ids
from watcher.rules.conditions import matches_id
from watcher.rules.values import Globs

REPEATS = frozenset({Kind.EXPIRATION_REMINDER, Kind.EXPIRATION_OVERDUE})
"""What is said again of an expiration date that is known."""


def held_back(events: Iterable[Event], mutes: Sequence[Mute], at: datetime) -> Mapping[str, int]:
    """Return, by the ids of the events that are not reported at a time (UTC), the id of the mute."""
    now = [mute for mute in mutes if not mute.is_over(at)]
    found: dict[str, int] = {}
    for event in events:
        for mute in now:
            if covers(mute, event):
                found.setdefault(event.id, mute.id)
    return found


def covers(mute: Mute, event: Event) -> bool:
    """Whether a mute is about an event; a model's batch variant goes with it.

    Only models can be muted: what is wrong with the catalog or with watcher itself is always reported.
    """
    if event.kind.row.about is not About.MODEL:
        return False
    is_batch = ids.variant(event.subject) == ids.BATCH
    names = (event.subject, *([ids.base(event.subject)] if is_batch else []))
    if mute.fact is None:
        return matches_id(Globs((mute.pattern,)), *names)
    return event.kind in REPEATS and event.after == mute.fact and mute.pattern in names

"""Which events of a message no longer hold, because a later one in it ends them."""

from collections.abc import Iterable, Mapping, Sequence

from watcher.domain.kinds import Kind
from watcher.domain.news import Event

DATES = (
    Kind.EXPIRATION_ANNOUNCED,
    Kind.EXPIRATION_MOVED,
    Kind.EXPIRATION_RESTORED,
    Kind.EXPIRATION_REMINDER,
)
TURNS: Sequence[Sequence[Kind]] = (
    (Kind.SOURCE_FAILING, Kind.SOURCE_RECOVERED),
    (Kind.CHANNEL_FAILING, Kind.CHANNEL_RECOVERED),
    (Kind.CONFIGURATION_FAILING, Kind.CONFIGURATION_RECOVERED),
    (Kind.STORE_FAILING, Kind.STORE_RECOVERED),
    (Kind.MODEL_ADDED, Kind.MODEL_REMOVED, Kind.MODEL_RETURNED),
    (*DATES, Kind.EXPIRATION_WITHDRAWN),
    (Kind.PRICE_CHANGED,),
    (Kind.ALIAS_RETARGETED,),
    (Kind.CONTEXT_CHANGED,),
)
"""Kinds of which only the last about a subject holds."""
TURN_OF: Mapping[Kind, int] = {kind: number for number, kinds in enumerate(TURNS) for kind in kinds}


def outdated(events: Iterable[Event]) -> frozenset[str]:
    """Return the ids of the events that a later one about the same subject ends."""
    last: dict[tuple[int, str], Event] = {}
    ended: set[str] = set()
    for event in sorted(events, key=lambda event: event.at):
        turn = TURN_OF.get(event.kind)
        if turn is None:
            continue
        before = last.get((turn, event.subject))
        if before and before.at < event.at:
            ended.add(before.id)
        last[turn, event.subject] = event
    return frozenset(ended)

"""When mutes end: at their time, and acknowledgements once the facts have changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from watcher.domain.catalog import Item, Json
from watcher.domain.kinds import Kind
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.domain.polls import Poll, State
from watcher.news.events import event_id
from watcher.text.times import to_iso


@dataclass(frozen=True, slots=True)
class Judged:
    """The mutes that go on, those that end, and what is to be told of that."""

    going_on: tuple[Mute, ...]
    ended: tuple[Mute, ...]
    events: tuple[Event, ...]


def judge_mutes(state: State, items: Mapping[str, Item], poll: Poll) -> Judged:
    """Find the mutes that end with a poll, after which the models are `items`.

    One that ends by time is news if it held something back. When the facts have changed, they are the news.
    A clock that no list confirms ends none.
    """
    moot = [mute for mute in state.mutes if _is_moot(mute, items)]
    over = [
        mute for mute in state.mutes if poll.is_clock_right and mute.is_over(poll.at) and mute not in moot
    ]
    ended = {mute.id for mute in (*moot, *over)}
    return Judged(
        going_on=tuple(mute for mute in state.mutes if mute.id not in ended),
        ended=tuple(replace(mute, ended=poll.at) for mute in state.mutes if mute.id in ended),
        events=tuple(_ended(mute, poll) for mute in over if mute.held),
    )


def date_of(item: Item | None) -> str | None:
    """Return the expiration date that was announced of a model; None if it has none or has left."""
    announced = item.announced if item else None
    return announced.expiration if announced and announced.listed else None


def _is_moot(mute: Mute, items: Mapping[str, Item]) -> bool:
    """Whether what was acknowledged is no longer so."""
    return mute.is_acknowledgement and date_of(items.get(mute.pattern)) != mute.fact


def _ended(mute: Mute, poll: Poll) -> Event:
    after: dict[str, Json] = {"held": mute.held, "since": to_iso(mute.at), "date": mute.fact}
    return Event(
        id=event_id(Kind.MUTE_ENDED, mute.pattern, None, after, mute.id),
        at=poll.at,
        kind=Kind.MUTE_ENDED,
        subject=mute.pattern,
        after=after,
        cause=mute.why or None,
        since=mute.at,
    )

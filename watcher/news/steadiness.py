"""The price levels that a model showed lately, and whether the newest one is there to stay.

A row shows its model's top endpoint, so many prices that appear are gone within two days. A new price is
believed soon where nothing speaks against it, and late where the model's price moved lately.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from watcher.domain.catalog import Json, Level
from watcher.openrouter.prices import MAIN, exact

LATELY = timedelta(days=6)  # a price that moved within this is restless; and no difference waits longer
LATEST = timedelta(hours=44)  # what would be older than this at the next poll is told at this one
MARGIN = timedelta(hours=4)  # the same for holds that are longer
TWICE = timedelta(microseconds=1)  # seen at two polls at least
SMALL = Decimal("0.05")  # steps below are told as late as those of a restless model
CROWD = 2  # more models than this moving in one poll: rather a change of view than of prices
KEPT = 24


class Reason(StrEnum):
    """Why a difference waits as long as it does, in words."""

    USUAL = "this is the usual hold for such a change"
    STEADY = "its price was steady until now"
    ROUTED = "its provider changed in the same poll"
    CROWD = "many prices moved in the same poll"
    RESTLESS = "its price moved within the last six days"
    SMALL_STEP = "the change is below 5 %"
    LONG_DIFFERENT = "its price has differed for six days"
    SCHEDULE = "its time-of-day schedule changed"
    REVERTS = "it reverts what was reported less than two days before"
    ANNOUNCED = "its expiration date has come"


@dataclass(frozen=True, slots=True)
class Due:
    """When a difference is news if it stays (UTC), and why then."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Moment:
    """A poll: its time, that of the last good one before it, how many models' prices moved between them."""

    at: datetime
    previous: datetime
    movers: int = 0

    @property
    def gap(self) -> timedelta:
        """Return the time between polls at present."""
        return self.at - self.previous


def long_known(price: Json, at: datetime) -> tuple[Level, ...]:
    """Begin with a price that counts as known for long."""
    return (Level(price, at - LATELY * 2, at - LATELY * 2),)


def born(price: Json, moment: Moment) -> tuple[Level, ...]:
    """Begin with the price of a new model, which counts as restless for a while."""
    return (Level(price, moment.at, moment.at),)


def moved(before: Json, after: Json) -> bool:
    """Whether prompt or completion differ."""
    return bool(apart(before, after))


def note(levels: tuple[Level, ...], price: Json, moment: Moment, *, routed: bool) -> tuple[Level, ...]:
    """Add the price of this poll if it differs from that of the poll before."""
    if levels and not moved(levels[-1].price, price):
        return levels
    newest = Level(price, moment.previous, moment.at, routed, moment.movers)
    return (*levels[1 - KEPT :], newest)


def apart(before: Json, after: Json) -> Decimal:
    """Return the largest relative difference of prompt and completion; 1 if only one side is a price."""
    return max(_apart(_headline(before, key), _headline(after, key)) for key in MAIN)


def _headline(price: Json, key: str) -> Decimal | None:
    return exact(price.get(key)) if isinstance(price, Mapping) else None


def _apart(before: Decimal | None, after: Decimal | None) -> Decimal:
    if before is None or after is None:
        return Decimal(0) if before is after else Decimal(1)
    return abs(before - after) / max(abs(before), abs(after)) if before != after else Decimal(0)


def newest(levels: tuple[Level, ...], announced: Json) -> int:
    """Return where the present level begins: small steps belong to it, the announced price ends it."""
    start = len(levels) - 1
    price = levels[start].price
    while (
        start and apart(levels[start - 1].price, price) < SMALL and moved(levels[start - 1].price, announced)
    ):
        start -= 1
    return start


def due_at(announced: Json, levels: tuple[Level, ...], gap: timedelta, holds: Mapping[str, timedelta]) -> Due:
    """Return when the newest level is news if it stays, after a hold that depends on the evidence against it.

    `gap` is the time between polls. Whatever differs for LATELY is news, whether it stays or not.
    """
    start = newest(levels, announced)
    level, reason = levels[start], _doubt(announced, levels, start)
    if reason in {Reason.RESTLESS, Reason.SMALL_STEP}:
        hold = holds["price_restless"]
        due = level.since + min(hold, max(shortened(hold, gap), TWICE))
    else:
        due = level.before + holds["price" if reason is Reason.STEADY else "price_doubtful"]
    latest = _differing_since(levels, announced) + LATELY
    return Due(due, reason) if due <= latest else Due(latest, Reason.LONG_DIFFERENT)


def _doubt(announced: Json, levels: tuple[Level, ...], start: int) -> Reason:
    """Return what speaks against the level that begins at `start`; STEADY where nothing does."""
    level = levels[start]
    if any(level.since - earlier.since <= LATELY for earlier in levels[:start]):
        return Reason.RESTLESS
    if apart(announced, levels[-1].price) < SMALL:
        return Reason.SMALL_STEP
    if level.routed:
        return Reason.ROUTED
    return Reason.CROWD if level.movers > CROWD else Reason.STEADY


def _differing_since(levels: tuple[Level, ...], announced: Json) -> datetime:
    """Return since when the price has not been the announced one, whatever it was."""
    since = levels[-1].since
    for level in reversed(levels):
        if not moved(level.price, announced):
            break
        since = level.since
    return since


def shortened(hold: timedelta, gap: timedelta) -> timedelta:
    """Shorten a hold if the next poll would come too late."""
    return min(hold, max(LATEST, hold + MARGIN) - gap)

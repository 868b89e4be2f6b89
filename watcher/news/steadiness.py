"""The price levels that a model showed lately, and whether the newest one will stay.

A row shows its model's top endpoint, so many new prices are gone within two days. A new price is believed
soon if there is no evidence against it, and late if the model's price moved lately.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from watcher.domain.catalog import Json, Level
from watcher.openrouter.prices import MAIN, exact

LATELY = timedelta(days=6)  # a price that moved within this time is restless; nothing is on hold for longer
LATEST = timedelta(hours=44)  # a change that would be older than this at the next poll is reported now
MARGIN = timedelta(hours=4)  # the same, for longer holds
TWICE = timedelta(microseconds=1)  # at least two polls have shown it
SMALL = Decimal("0.05")  # smaller steps are on hold as long as those of a restless model
CROWD = 2  # if more prices move in one poll, the list changed its view rather than the prices
KEPT = 24


class Reason(StrEnum):
    """Why a change is on hold as long as it is."""

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
    """When a change is news if it lasts (UTC), and why then."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Moment:
    """A poll: its time, the time of the last good one before it, and how many prices moved in between."""

    at: datetime
    previous: datetime
    movers: int = 0

    @property
    def gap(self) -> timedelta:
        """The time between this poll and the one before."""
        return self.at - self.previous


def of_baseline(price: Json, at: datetime) -> tuple[Level, ...]:
    """Return the levels of a model in the baseline, whose price counts as old."""
    return (Level(price, at - LATELY * 2, at - LATELY * 2),)


def of_new_model(price: Json, moment: Moment) -> tuple[Level, ...]:
    """Return the levels of a new model, which counts as restless for a while."""
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
    """Return where the current level begins; small steps belong to it, the announced price does not."""
    start = len(levels) - 1
    price = levels[start].price
    while (
        start and apart(levels[start - 1].price, price) < SMALL and moved(levels[start - 1].price, announced)
    ):
        start -= 1
    return start


def due_at(announced: Json, levels: tuple[Level, ...], gap: timedelta, holds: Mapping[str, timedelta]) -> Due:
    """Return when the newest level is news if it lasts; the hold depends on the evidence against it.

    `gap` is the time between polls. What has differed for LATELY is news, steady or not.
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
    """Return the evidence against the level that begins at `start`; STEADY if there is none."""
    level = levels[start]
    if any(level.since - earlier.since <= LATELY for earlier in levels[:start]):
        return Reason.RESTLESS
    if apart(announced, levels[-1].price) < SMALL:
        return Reason.SMALL_STEP
    if level.routed:
        return Reason.ROUTED
    return Reason.CROWD if level.movers > CROWD else Reason.STEADY


def _differing_since(levels: tuple[Level, ...], announced: Json) -> datetime:
    """Return since when the price has differed from the announced one."""
    since = levels[-1].since
    for level in reversed(levels):
        if not moved(level.price, announced):
            break
        since = level.since
    return since


def shortened(hold: timedelta, gap: timedelta) -> timedelta:
    """Shorten a hold if the next poll would come too late."""
    return min(hold, max(LATEST, hold + MARGIN) - gap)

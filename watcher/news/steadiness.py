"""The price levels that a model showed lately, and whether the newest one is there to stay.

A row shows its model's top endpoint, so many prices that appear are gone within two days. A new price is
believed soon where nothing speaks against it, and late where the model's price moved lately.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from watcher.domain.catalog import Json, Level
from watcher.openrouter.prices import HEADLINE, exact

LATELY = timedelta(days=6)  # a price that moved within this is restless; and no difference waits longer
LATEST = timedelta(hours=44)  # what would be older than this at the next poll is told at this one
MARGIN = timedelta(hours=4)  # the same for holds that are longer
TWICE = timedelta(microseconds=1)  # seen at two polls at least
SMALL = Decimal("0.05")  # steps below are told as late as those of a restless model
CROWD = 2  # more models than this moving in one poll: rather a change of view than of prices
KEPT = 24


@dataclass(frozen=True, slots=True)
class Moment:
    """A poll: its time, that of the last good one before it, how many models' prices moved between them."""

    at: datetime
    previous: datetime
    movers: int = 0

    @property
    def gap(self) -> timedelta:
        """Give how far apart polls are at present."""
        return self.at - self.previous


def known(price: Json, at: datetime) -> tuple[Level, ...]:
    """Begin with a price that is taken as known for long."""
    return (Level(price, at - LATELY * 2, at - LATELY * 2),)


def born(price: Json, moment: Moment) -> tuple[Level, ...]:
    """Begin with the price of a new model, which counts as restless for a while."""
    return (Level(price, moment.at, moment.at),)


def moved(before: Json, after: Json) -> bool:
    """Tell whether prompt or completion differ."""
    return bool(apart(before, after))


def note(levels: tuple[Level, ...], price: Json, moment: Moment, *, routed: bool) -> tuple[Level, ...]:
    """Add the price of this poll where it is another than that of the poll before."""
    if levels and not moved(levels[-1].price, price):
        return levels
    newest = Level(price, moment.previous, moment.at, routed, moment.movers)
    return (*levels[1 - KEPT :], newest)


def apart(before: Json, after: Json) -> Decimal:
    """Give the largest relative difference of prompt and completion; 1 where only one side is a price."""
    return max(_apart(_headline(before, key), _headline(after, key)) for key in HEADLINE)


def _headline(price: Json, key: str) -> Decimal | None:
    return exact(price.get(key)) if isinstance(price, Mapping) else None


def _apart(before: Decimal | None, after: Decimal | None) -> Decimal:
    if before is None or after is None:
        return Decimal(before is not after)
    return abs(before - after) / max(abs(before), abs(after)) if before != after else Decimal(0)


def newest(levels: tuple[Level, ...], announced: Json) -> int:
    """Give where the present level begins: steps within 5 % belong to it, the announced price ends it."""
    start = len(levels) - 1
    price = levels[start].price
    while (
        start and apart(levels[start - 1].price, price) < SMALL and moved(levels[start - 1].price, announced)
    ):
        start -= 1
    return start


def due_at(
    announced: Json, levels: tuple[Level, ...], gap: timedelta, holds: Mapping[str, timedelta]
) -> datetime:
    """Give when the newest level is news if it stays: after the hold that what speaks against it calls for.

    `gap` is how far apart polls are. Whatever differs for LATELY is news, whether it stays or not.
    """
    start = newest(levels, announced)
    level = levels[start]
    is_restless = any(level.since - earlier.since <= LATELY for earlier in levels[:start])
    if is_restless or apart(announced, levels[-1].price) < SMALL:
        hold = holds["price_restless"]
        due = level.since + min(hold, max(shortened(hold, gap), TWICE))
    else:
        due = level.before + holds["price_doubtful" if level.routed or level.movers > CROWD else "price"]
    return min(due, _differing_since(levels, announced) + LATELY)


def _differing_since(levels: tuple[Level, ...], announced: Json) -> datetime:
    """Give since when the price has not been the announced one, whatever it was."""
    since = levels[-1].since
    for level in reversed(levels):
        if not moved(level.price, announced):
            break
        since = level.since
    return since


def shortened(hold: timedelta, gap: timedelta) -> timedelta:
    """Cut a hold short where the next poll would come too late."""
    return min(hold, max(LATEST, hold + MARGIN) - gap)

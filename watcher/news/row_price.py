"""The price in the list's row, which is that of the provider shown: a change, or another provider shown.

A new price that has lasted a day is a change only if the row shows the same provider as when it was last
reported, and did not show this price in the two weeks before. Everything else is routing: no price changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Json, Prices, RowPrice, ShownPrice
from watcher.news.floor import STEP, steady_since, wait
from watcher.news.holds import Moment, shortened
from watcher.openrouter.prices import apart

MEMORY = timedelta(days=14)
KEPT = 32  # prices remembered of a row


@dataclass(frozen=True, slots=True)
class Shift:
    """A price of the row that is news; `is_routing`: another provider is shown, and no price changed."""

    before: Prices
    after: Prices
    since: datetime
    is_routing: bool


def begin(price: Prices, routing: Mapping[str, Json], at: datetime) -> RowPrice:
    """Accept a row's price as known."""
    return RowPrice(price, routing, (), (ShownPrice(price, at),))


def due_at(row: RowPrice, moment: Moment, hold: timedelta) -> datetime | None:
    """Return when what waits is news if it stays (UTC); None if nothing waits."""
    return steady_since(row.steps) + shortened(hold, moment.gap) if row.steps else None


def look(
    row: RowPrice, price: Prices, routing: Mapping[str, Json], moment: Moment, hold: timedelta
) -> tuple[RowPrice, Shift | None]:
    """Take in one poll; returns the shift if it is news now. A row without a fixed price says nothing."""
    if not price:
        return row, None
    steps = wait(row.reported, row.steps, price, moment.at)
    seen = replace(row, steps=steps, shown=_remember(row, price, moment, waits=bool(steps)))
    due = due_at(seen, moment, hold)
    if due is None or moment.at < due:
        return seen, None
    after = RowPrice(price, routing, (), _note(seen.shown, price, moment.at))
    return after, shift_of(seen, price, routing)


def shift_of(row: RowPrice, price: Prices, routing: Mapping[str, Json]) -> Shift:
    """Return what a price that waits is: a change, or another provider shown."""
    since = steady_since(row.steps)
    lately = [shown.price for shown in row.shown if since - shown.last <= MEMORY]
    is_new = routing == row.routing and price not in lately
    return Shift(row.reported, price, since, is_routing=not is_new)


def _remember(row: RowPrice, price: Prices, moment: Moment, *, waits: bool) -> tuple[ShownPrice, ...]:
    """Remember the price that is no news, and one that waited in vain, but not yet one that waits."""
    if waits and row.steps:
        last = row.steps[-1].price
        return _note(row.shown, last, moment.at) if apart(last, price) >= STEP else row.shown
    if waits:  # the price until now was shown up to the poll before
        return _note(row.shown, row.shown[-1].price if row.shown else row.reported, moment.previous)
    shown = _note(row.shown, row.steps[-1].price, moment.at) if row.steps else row.shown
    return _note(shown, price, moment.at)


def _note(shown: tuple[ShownPrice, ...], price: Prices, at: datetime) -> tuple[ShownPrice, ...]:
    """Note that the row showed a price; what is older than the memory goes."""
    others = tuple(one for one in shown if one.price != price and at - one.last <= MEMORY)
    return (*others, ShownPrice(price, at))[-KEPT:]

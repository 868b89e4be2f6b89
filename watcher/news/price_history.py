"""How a price moved, from the values kept for charts: its levels, a sparkline, a record, a chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from watcher.domain.catalog import Json, Prices
from watcher.domain.news import HistoryEntry
from watcher.openrouter import prices
from watcher.text.counts import counted
from watcher.text.times import to_iso

PERIOD = timedelta(days=90)
BARS = "▁▂▃▄▅▆▇█"
LONGEST, SHORTEST = 20, 5  # characters of a sparkline
STEP = Decimal("0.01")  # prices that are less apart are one level
SHORT = timedelta(days=14)  # what was so lately, or a history no longer than this, makes no record
NAMED_BY_MONTH = timedelta(days=60)
LONG = timedelta(days=180)  # a history from which "ever seen" means something
WEEK = timedelta(days=7)
MOST_POINTS = 100  # of each of the two lines in a chart
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """A price of prompt and completion from a time on (UTC)."""

    since: datetime
    price: Prices

    @property
    def cost(self) -> Decimal | None:
        """What the usual mix of tokens costs."""
        return prices.blend(self.price)


def levels(entries: Iterable[HistoryEntry], of: str = "") -> tuple[Level, ...]:
    """Read the levels of a price, oldest first; `of` is `floor.`, that of a provider, or empty: the row's."""
    keys = {f"{of}{key}": key for key in prices.MAIN}
    found: list[Level] = []
    for entry in entries:
        if entry.field in keys:
            last = found[-1] if found else Level(entry.at, {})
            level = Level(entry.at, {**last.price, keys[entry.field]: entry.value})
            found = [*found[:-1], level] if found and last.since == entry.at else [*found, level]
    return tuple(found)


def sparkline(history: Sequence[Level], at: datetime) -> str:
    """Draw the last 90 days up to `at`; empty if the price has not moved."""
    if not history:
        return ""
    start = max(at - PERIOD, history[0].since)
    width = min(max(round(LONGEST * ((at - start) / PERIOD)), SHORTEST), LONGEST)
    times = [start + (at - start) * number / (width - 1) for number in range(width)]
    costs = [cost for cost in (_cost_at(history, time) for time in times) if cost is not None]
    low, high = min(costs, default=Decimal(0)), max(costs, default=Decimal(0))
    if high - low <= STEP * high:
        return ""
    top = len(BARS) - 1
    return "".join(BARS[round((cost - low) / (high - low) * top)] for cost in costs)


def _cost_at(history: Sequence[Level], at: datetime) -> Decimal | None:
    shown = [level for level in history if level.since <= at]
    return shown[-1].cost if shown else None


def record(history: Sequence[Level], before: Json, after: Json, since: datetime) -> str:
    """Write since when a price has not been so high or so low; empty if that is not long.

    `since` is when the price moved from `before` to `after` (UTC).
    """
    way, now = prices.direction(before, after), prices.blend(after)
    if not way or now is None or not history or since - history[0].since <= SHORT:
        return ""
    word = "highest" if way > 0 else "lowest"
    last = _last_beyond(history, now, way, since)
    if last is None:
        return f"{word} {_ever(since - history[0].since)}"
    return f"{word} since {_day(last, since)}" if since - last > SHORT else ""


def _last_beyond(history: Sequence[Level], now: Decimal, way: int, since: datetime) -> datetime | None:
    """Return when the price was last at least so high (or low), before it moved; None if it never was."""
    ends = [level.since for level in history[1:]]
    found = None
    for level, end in zip(history, [*ends, since], strict=True):
        if level.since < since and level.cost is not None and (level.cost - now) * way >= -STEP * now:
            found = min(end, since)
    return found


def _ever(length: timedelta) -> str:
    return "ever seen" if length >= LONG else f"in the {counted(length // WEEK, 'week')} seen"


def _day(day: datetime, now: datetime) -> str:
    """Write a day in the past as precisely as readers need it: `3 Mar 2026`, `March`, `March 2025`."""
    if now - day <= NAMED_BY_MONTH:
        return f"{day.day} {day:%b %Y}"
    return f"{day:%B}" if now - day < LONG + NAMED_BY_MONTH else f"{day:%B %Y}"


def chart(history: Sequence[Level], at: datetime) -> Mapping[str, Json]:
    """Return the last 90 days for a chart, in USD per million tokens; empty if nothing moved.

    Each value holds until the next one, and the last until `to`.
    """
    if not history:
        return {}
    start = max(at - PERIOD, history[0].since)
    series: dict[str, Json] = {key: points for key in prices.MAIN if (points := _points(history, key, start))}
    if not any(isinstance(points, list) and len(points) > 1 for points in series.values()):
        return {}
    return {"from": to_iso(start), "to": to_iso(at), "series": series}


def _points(history: Sequence[Level], key: str, start: datetime) -> list[Json]:
    """Return when a price became what, from `start` on; of too many every second, third, ..."""
    values = [(level.since, prices.price(level.price, key)) for level in history]
    first = [value for value in values if value[0] <= start][-1:]
    shown = [(start, number) for _, number in first] + [value for value in values if value[0] > start]
    steps = [
        (time, number)
        for place, (time, number) in enumerate(shown)
        if number is not None and (not place or number != shown[place - 1][1])
    ]
    stride = -(-len(steps) // MOST_POINTS) or 1
    kept = steps[::-1][::stride][::-1]
    return [[to_iso(time), prices.canonical(number * _MILLION)] for time, number in kept]

"""What a model's price was, for a picture and for its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from watcher.openrouter.prices import MAIN, dollars
from watcher.text.times import from_iso

Step: TypeAlias = tuple[datetime, Decimal]
MOST_STEPS = 6  # that are read out one by one


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Prices in USD per million tokens: for each name the steps, each valid until the next."""

    start: datetime
    end: datetime
    series: Mapping[str, Sequence[Step]]


def read_history(chart: Mapping[str, Any]) -> PriceHistory | None:
    """Read the chart of a letter; None if it shows nothing."""
    series = {
        name: [(from_iso(at), Decimal(price)) for at, price in steps if price is not None]
        for name in MAIN
        if (steps := chart.get("series", {}).get(name))
    }
    series = {name: steps for name, steps in series.items() if steps}
    return PriceHistory(from_iso(chart["from"]), from_iso(chart["to"]), series) if series else None


def in_words(history: PriceHistory) -> str:
    """Say what the picture shows to those who do not see it."""
    told = [f"{name} {_steps(steps)}" for name, steps in history.series.items()]
    return (
        f"Price in USD per million tokens from {day(history.start)} to {day(history.end)} "
        f"{history.end.year}: {'; '.join(told)}"
    )


def _steps(steps: Sequence[Step]) -> str:
    (_, first), *later = steps
    if len(later) < MOST_STEPS:
        return ", then ".join([dollars(first), *(f"{dollars(price)} from {day(at)}" for at, price in later)])
    prices = [price for _, price in steps]
    lowest, highest, now = map(dollars, (min(prices), max(prices), prices[-1]))
    return f"{dollars(first)}, then from {lowest} to {highest}, now {now}"


def day(at: datetime) -> str:
    """Write a day of a chart: `23 Nov`."""
    return f"{at.day} {at:%b}"

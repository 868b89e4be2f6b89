"""Prices in words: how they moved, and what a model costs."""

from collections.abc import Mapping, Sequence

from watcher.domain.catalog import Json
from watcher.domain.causes import PERHAPS_ROUTED, ROUTED
from watcher.domain.news import Event
from watcher.messages import change_words
from watcher.openrouter import prices, units

WAYS = {1: "dearer", -1: "cheaper", 0: ""}


def price_title(event: Event) -> str:
    """Say how far a price moved, and which way as a whole."""
    was_free, is_free = frees(event)
    if was_free != is_free:
        return f"{event.subject} is {'now' if is_free else 'no longer'} free"
    moves = prices.moves_of(event.before, event.after)
    if not moves:
        return f"{event.subject} changed its prices"
    way = WAYS[prices.direction(event.before, event.after)]
    sizes = {prices.percent(move) for move in moves.values()}
    if way and len(sizes) == 1 and len(moves) == len(_charged(event)):
        return f"{event.subject} {sizes.pop().lstrip('+-')} {way}"
    told = ", ".join(f"{change_words.label_of(key)} {prices.percent(move)}" for key, move in moves.items())
    return f"{event.subject}{' ' * bool(way)}{way}: {told}"


def _charged(event: Event) -> list[str]:
    """Return what a model charges for, before a change of its price or after it."""
    sides = event.before, event.after
    return [key for key in prices.headline(*sides) if any(prices.headline_price(side, key) for side in sides)]


def frees(event: Event) -> tuple[bool, bool]:
    """Whether a model was free before a change of its price, and whether it is now.

    What a provider asks is prompt and completion alone; the other units are those of the model's row.
    """
    sides = [side for side in (event.before, event.after) if isinstance(side, Mapping)]
    row = event.model.price if event.model and all(side.keys() <= {*prices.MAIN} for side in sides) else None
    was_free, is_free = (
        prices.is_free({**(row or {}), **side} if isinstance(side, Mapping) else None)
        for side in (event.before, event.after)
    )
    return was_free, is_free


def summary_of(summary: Json) -> str:
    """Write what a model costs, and its context length."""
    if not isinstance(summary, Mapping) or "price" not in summary:
        return "details unknown"
    context = summary.get("context")
    size = f", {context:,} tokens context" if isinstance(context, int) else ""
    return units.show_price(summary["price"], units.output_in(summary.get("capabilities"))) + size


def price_line(event: Event) -> str:
    """Write each price before and after, by unit."""
    keys = sorted((c.path for c in event.fields if not c.path.startswith("overrides")), key=_rank)
    unit_of = {key: _unit(event, key) for key in keys}
    told = [_steps(event, [key for key in keys if unit_of[key] == unit], unit) for unit in _in_order(unit_of)]
    told += ["conditional prices changed"] if len(keys) < len(event.fields) else []
    return f"{event.subject}: {', '.join(told) or 'price changed'}"


def _in_order(unit_of: Mapping[str, str]) -> list[str]:
    """Return the units, each once: tokens first."""
    found = dict.fromkeys(unit_of.values())
    return sorted(found, key=lambda unit: unit != prices.PER_MILLION)


def _steps(event: Event, keys: Sequence[str], unit: str) -> str:
    """Write the prices of one unit, which stands at the end, or behind a price that is gone."""
    is_last = len(keys) > 1 or any(prices.amount(event.after, key, unit).startswith("$") for key in keys)
    steps = ", ".join(_step(event, key, "" if is_last else f" {unit}") for key in keys)
    return f"{steps} {unit}" if is_last else steps


def _unit(event: Event, key: str) -> str:
    """Return the unit of a price that changed."""
    if key in prices.MAIN:
        return units.main_unit(units.output_of(event.model), event.before, event.after)
    return prices.unit_of(key, prices.price(event.before, key), prices.price(event.after, key))


def price_and_who(event: Event) -> str:
    """Write a change of the price; the cause says whose price it is, and if there is none, this does."""
    asked = f" (asked by {event.provider})" if event.provider and not event.cause else ""
    return price_line(event) + asked


def _rank(key: str) -> tuple[bool, str]:
    return key not in prices.MAIN, "" if key == "prompt" else key


def _step(event: Event, key: str, unit: str = "") -> str:
    """Write one price: `prompt $1.25 → $1.50 (+20 %)`."""
    before, after = (prices.amount(side, key, _unit(event, key)) for side in (event.before, event.after))
    unit = unit if before.startswith("$") else ""
    move = prices.ratio(*(prices.headline_price(side, key) for side in (event.before, event.after)))
    return f"{change_words.label_of(key)} {before}{unit} {change_words.ARROW} {after}" + (
        f" ({prices.percent(move)})" if move else ""
    )


def priced_line(event: Event) -> str:
    """Say what a model costs."""
    return f"{event.subject} costs {cost_of(event, event.after)}"


def cost_of(event: Event, price: Json) -> str:
    """Write a price of the event's model in the units in which it sells."""
    return units.show_price(price, units.output_of(event.model))


def routed_line(event: Event) -> str:
    """Say that the list shows another price although no price changed."""
    before, after = (cost_of(event, side) for side in (event.before, event.after))
    cause = event.cause or ROUTED
    shown = f"the list shows {after} instead of {before}"
    if cause == PERHAPS_ROUTED:
        return f"{event.subject}: {shown}; {cause}"
    return f"{event.subject}: {cause}, so {shown}; no price changed"


def detail_title(event: Event) -> str:
    """Say which other price changed."""
    return f"{event.subject}: {event.cause or 'other prices changed'}"

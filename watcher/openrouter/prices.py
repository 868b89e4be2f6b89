"""Prices: exact decimals in USD per token (some keys: per request, image, ...), to compare and to show."""

import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import TypeAlias

from watcher.domain.catalog import Document, Json, Prices

MAIN = ("prompt", "completion")
Mix: TypeAlias = tuple[int, int]
"""How many tokens of prompt go with how many of completion."""
ZERO_WHEN_ABSENT = frozenset({"request", "image", "web_search", "internal_reasoning"})
UNITS = {
    "request": "per request",
    "image": "per image",
    "image_output": "per output image",
    "web_search": "per search",
}
"""What is not sold by the token."""
TOKENS = {
    "audio": "audio tokens",
    "audio_output": "audio output tokens",
    "image_token": "image tokens",
    "input_audio_cache": "cached audio tokens",
    "input_cache_read": "cache-read tokens",
    "input_cache_write": "cache-write tokens",
    "input_cache_write_1h": "1-hour cache-write tokens",
    "internal_reasoning": "reasoning tokens",
}
"""Tokens that have a price of their own."""
KNOWN = frozenset({*MAIN, *ZERO_WHEN_ABSENT, *UNITS, *TOKENS})
NO_PRICE = frozenset({"discount", "overrides"})
"""Keys of `pricing` that are no price: a discount is a fraction, and already in the prices."""
LEAST_AN_IMAGE = Decimal("0.0002")  # below, the list's `image` is the price of a token of an image
MIX = (3, 1)  # the usual mix of tokens: three of prompt for one of completion
SMALL = Decimal("0.05")  # moves below are no news by themselves
VARIABLE = Decimal(-1)  # "-1": a router without a fixed price, never a number to compute with
_HIGHEST = Decimal(1_000_000)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?|-?\.[0-9]+")
_DUST = Context(prec=10)  # the API's floats differ beyond some fifteen digits
_SHOWN = Context(prec=4)
_MILLION = 1_000_000
PER_MILLION = "per M tokens"
PER_CHARACTERS = "per M characters"
PER_SECOND = "per second"
PER_UNIT = "per unit"
IN_MILLIONS = frozenset({PER_MILLION, PER_CHARACTERS})
BY_NAME = {
    "second": PER_SECOND,
    "duration": PER_SECOND,
    "minute": "per minute",
    "character": PER_CHARACTERS,
}
"""Units that a price not in the API's reference has by a word in its key."""


def exact(value: Json) -> Decimal | None:
    """Read a price as the API writes it, without float dust; None if it is not a price."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = str(value)
    if not _NUMBER.fullmatch(text):  # Decimal would also read "1_0", " 1 " and the digits of other scripts
        return None
    number = _DUST.plus(Decimal(text))
    if number > _HIGHEST or (number < 0 and number != VARIABLE):
        return None
    return number


def canonical(number: Decimal) -> str:
    """Write a price in its canonical form: plain digits, no exponent, no trailing zeros."""
    return f"{number.normalize():f}" if number else "0"


def price(pricing: Json, key: str) -> Decimal | None:
    """Read one price of a document; None if there is none or it is not fixed."""
    number = exact(pricing.get(key)) if isinstance(pricing, Mapping) else None
    return None if number is None or number < 0 else number


def full_price(document: Document) -> Prices:
    """Return the prices of a document as the list showed them, including those that follow the clock."""
    return {**document.clock, **(document.price or {})}


def ratio(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """Return the relative change, 0.25 for a rise of 25 %; None from zero or unknown."""
    return None if before is None or after is None or not before else (after - before) / before


def is_free(pricing: Json) -> bool:
    """Whether nothing costs anything: prompt and completion are zero, and no other unit has a price.

    A price that is not fixed is not free, and neither is one that is asked only at times or of long prompts.
    """
    if not isinstance(pricing, Mapping) or any(price(pricing, key) != 0 for key in MAIN):
        return False
    overrides = pricing.get("overrides")
    sides = [pricing, *(overrides.values() if isinstance(overrides, Mapping) else ())]
    return not any(exact(side[key]) for side in sides if isinstance(side, Mapping) for key in _units(side))


def other_units(*sides: Json) -> tuple[str, ...]:
    """Return the units other than prompt and completion that have a price above zero on any side."""
    found = {
        key
        for side in sides
        if isinstance(side, Mapping)
        for key in _units(side)
        if key not in MAIN and price(side, key)
    }
    return tuple(sorted(found, key=_rank))


def headline(before: Json, after: Json) -> tuple[str, ...]:
    """Return the prices that people mean by "the price": prompt and completion.

    Where both cost nothing, before and after, it is whatever has a price instead: an image, a request.
    """
    is_without_tokens = all(price(side, key) == 0 for side in (before, after) for key in MAIN)
    return (other_units(before, after) if is_without_tokens else ()) or MAIN


def headline_price(pricing: Json, key: str) -> Decimal | None:
    """Read one price of a document; a unit that a free model does not list costs nothing."""
    number = price(pricing, key)
    return Decimal(0) if number is None and is_free(pricing) else number


def is_per_token(key: str, number: Decimal) -> bool:
    """Whether a price is that of a token, so that it is said for a million of them.

    The API's reference has `image` and `image_output` per image; the list has many that are per token of an
    image, which is told by the size: no image costs less than a fiftieth of a cent.
    """
    return _named_unit(key) is None or (key.startswith("image") and number < LEAST_AN_IMAGE)


def _named_unit(key: str) -> str | None:
    """Return the unit of a price that is not one of tokens, by its key."""
    known = UNITS.get(key)
    words = BY_NAME if key not in KNOWN else {}
    return known or next((unit for word, unit in words.items() if word in key), None)


def _units(pricing: Mapping[str, Json]) -> list[str]:
    return [key for key in pricing if key not in NO_PRICE]


def _rank(key: str) -> tuple[int, str]:
    """Order what is paid at each request first, then the other units, then tokens."""
    known = [*UNITS, *TOKENS]
    return (known.index(key) if key in known else len(known)), key


def schedule(pricing: Json) -> Prices:
    """Return the daily windows of a document's price."""
    overrides = pricing.get("overrides") if isinstance(pricing, Mapping) else None
    windows = overrides if isinstance(overrides, Mapping) else {}
    return {condition: prices for condition, prices in windows.items() if is_window(condition)}


def is_window(condition: str) -> bool:
    """Whether a condition of `overrides` is a time of day."""
    return "utc_" in condition


def amount(pricing: Json, key: str, unit: str | None = None) -> str:
    """Write one price for people, without its unit: `$1.25`, `free`, `variable`, `not listed`.

    With `unit`, one that `unit_of` gave for a pair of prices, the price is written in that unit.
    """
    number = _exact(pricing, key)
    if number is None:
        return "free" if key in ZERO_WHEN_ABSENT and is_free(pricing) else "not listed"
    if number < 0:
        return "variable"
    if number == 0:
        return "free"
    return dollars(number * _MILLION if (unit or unit_of(key, number)) in IN_MILLIONS else number)


def unit_of(key: str, *numbers: Decimal | None) -> str:
    """Return the unit in which a price, or a pair of them, is written: `per M tokens`, `per image`."""
    largest = max((number for number in numbers if number), default=LEAST_AN_IMAGE)
    return PER_MILLION if is_per_token(key, largest) else _named_unit(key) or PER_MILLION


def show(pricing: Json, key: str) -> str:
    """Write one price for people, with its unit: `$1.25 per M tokens`, `$0.01 per search`, `free`."""
    number = price(pricing, key)
    return f"{amount(pricing, key)} {unit_of(key, number)}" if number else amount(pricing, key)


def dollars(amount: Decimal) -> str:
    """Write USD with at least cents and four significant digits: $12.50, $0.075, $0.0001234."""
    rounded = _SHOWN.plus(amount) if amount < 1000 else amount.quantize(Decimal("0.01"))  # noqa: PLR2004 - four digits
    whole_dollars, _, cents = f"{rounded:f}".partition(".")
    return f"${int(whole_dollars):,}.{cents.rstrip('0').ljust(2, '0')}"


def percent(change: Decimal) -> str:
    """Write a relative change for people: +25 %, -7.5 %."""
    number = _SHOWN.plus(change * 100)
    places = 0 if abs(number) >= 10 else 1  # noqa: PLR2004 - one more digit for small changes
    text = f"{number:+,.{places}f}"
    return f"{text.removesuffix('.0')} %"


def show_main(pricing: Json) -> str:
    """Write what a model costs in one go: `$1.25 in, $10.00 out per M tokens`, `$0.04 per image`, `free`.

    Other units than tokens are said where each request is charged, or where tokens cost nothing.
    """
    prompt, completion = (_exact(pricing, key) for key in MAIN)
    if prompt is None or completion is None:
        return "price not listed"
    if prompt < 0 or completion < 0:
        return "variable price"
    others = [key for key in other_units(pricing) if key == "request" or not (prompt or completion)]
    tokens = [f"{_short(prompt)} in, {_short(completion)} out per M tokens"] if prompt or completion else []
    return ", ".join([*tokens, *(_show_unit(pricing, key) for key in others)]) or "free"


def _show_unit(pricing: Json, key: str) -> str:
    """Write the price of a unit for those who do not see its key: `$1.00 per M audio tokens`."""
    named = TOKENS.get(key) or f"{key.replace('_', ' ')} tokens"
    return show(pricing, key).replace("tokens", named)


def _short(number: Decimal) -> str:
    return dollars(number * _MILLION) if number else "free"


def moves_of(before: Json, after: Json) -> dict[str, Decimal]:
    """Return the relative changes of the price by key, with their signs; what began at zero has none."""
    moves = {
        key: ratio(headline_price(before, key), headline_price(after, key)) for key in headline(before, after)
    }
    return {key: move for key, move in moves.items() if move}


def largest_move(before: Json, after: Json) -> Decimal | None:
    """Return the largest relative change the way that the price went, with its sign."""
    way = direction(before, after)
    return max((move for move in moves_of(before, after).values() if move * way > 0), key=abs, default=None)


def direction(before: Json, after: Json, of: Sequence[str] | None = None, mix: Mix = MIX) -> int:
    """Return which way a price went as a whole: 1 is dearer, -1 cheaper, 0 neither or unknown.

    For tokens that is the blended price, or that of the keys in `of`; where tokens cost nothing, it is the
    first unit that changed.
    """
    keys = of or headline(before, after)
    pairs = [(key, headline_price(before, key), headline_price(after, key)) for key in keys]
    steps = {key: now - was for key, was, now in pairs if was is not None and now is not None}
    if steps.keys() <= {*MAIN}:
        weights = dict(zip(MAIN, mix, strict=True))
        step = sum((weights[key] * step for key, step in steps.items()), Decimal(0))
    else:
        step = next((step for step in steps.values() if step), Decimal(0))
    return (step > 0) - (step < 0)


def blend(pricing: Json, mix: Mix = MIX) -> Decimal | None:
    """Return what `mix` tokens cost in USD (3 of prompt, 1 of completion); None if one has no fixed price."""
    prompt, completion = (price(pricing, key) for key in MAIN)
    return None if prompt is None or completion is None else mix[0] * prompt + mix[1] * completion


def main_prices(pricing: Json) -> dict[str, Json]:
    """Return the prices of prompt and completion, as far as there are any."""
    return {key: pricing[key] for key in MAIN if key in pricing} if isinstance(pricing, Mapping) else {}


def moved(before: Json, after: Json) -> bool:
    """Whether prompt or completion differ."""
    return bool(apart(before, after))


def apart(before: Json, after: Json) -> Decimal:
    """Return the largest relative difference of prompt and completion; 1 if only one side is a price."""
    return max(_apart(_exact(before, key), _exact(after, key)) for key in MAIN)


def _exact(pricing: Json, key: str) -> Decimal | None:
    return exact(pricing.get(key)) if isinstance(pricing, Mapping) else None


def _apart(before: Decimal | None, after: Decimal | None) -> Decimal:
    if before is None or after is None:
        return Decimal(0) if before is after else Decimal(1)
    return abs(before - after) / max(abs(before), abs(after)) if before != after else Decimal(0)

"""Prices: exact decimals in USD per token (some keys: per request, image, ...), to compare and to show."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation

from watcher.domain.catalog import Document, Json, Prices

MAIN = ("prompt", "completion")
ZERO_WHEN_ABSENT = frozenset({"request", "image", "web_search", "internal_reasoning"})
UNITS = {"request": "per request", "image": "per image", "web_search": "per search"}
PROMPT_SHARE = 3  # the usual mix of tokens: three of prompt for one of completion
SMALL = Decimal("0.05")  # moves below are no news by themselves
VARIABLE = Decimal(-1)  # "-1": a router without a fixed price, never a number to compute with
_HIGHEST = Decimal(1_000_000)
_DUST = Context(prec=10)  # the API's floats differ beyond some fifteen digits
_SHOWN = Context(prec=4)
_MILLION = 1_000_000


def exact(value: Json) -> Decimal | None:
    """Read a price as the API writes it, without float dust; None if it is not a price."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        number = _DUST.plus(Decimal(str(value)))
    except InvalidOperation:
        return None
    if not number.is_finite() or number > _HIGHEST or (number < 0 and number != VARIABLE):
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
    """Whether prompt and completion are both free."""
    return all(price(pricing, key) == 0 for key in MAIN)


def comparable(pricing: Mapping[str, Json]) -> tuple[Prices, Prices]:
    """Split the API's `pricing` into what is compared and what only follows the clock.

    Conditional prices (`overrides`) become a mapping from their condition to their prices. Where a condition
    is a daily window the top-level keys which it covers change with the hour, so they are not compared.
    Raises ValueError if prompt or completion is not a price.
    """
    compared: dict[str, Json] = {}
    for key, value in pricing.items():
        number = exact(value)
        if number is None and key in MAIN:
            message = f"pricing.{key} is {str(value)[:40]!r}, not a price"
            raise ValueError(message)
        if number is not None and not (number == 0 and key in ZERO_WHEN_ABSENT):
            compared[key] = canonical(number)
    overrides = _overrides(pricing.get("overrides"))
    covered = {key for condition, prices in overrides.items() if is_window(condition) for key in prices}
    clock = {key: compared.pop(key) for key in sorted(covered & compared.keys())}
    return (compared | {"overrides": overrides} if overrides else compared), clock


def schedule(pricing: Json) -> Prices:
    """Return the daily windows of a document's price."""
    overrides = pricing.get("overrides") if isinstance(pricing, Mapping) else None
    windows = overrides if isinstance(overrides, Mapping) else {}
    return {condition: prices for condition, prices in windows.items() if is_window(condition)}


def is_window(condition: str) -> bool:
    """Whether a condition of `overrides` is a time of day."""
    return "utc_" in condition


def _overrides(value: Json) -> dict[str, dict[str, str]]:
    """Key each conditional price by its condition: prices come as text, conditions as anything else."""
    found: dict[str, dict[str, str]] = {}
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, Mapping):
            prices = {key: number for key, text in entry.items() if (number := _text_price(text)) is not None}
            condition = " ".join(f"{key}={entry[key]}" for key in sorted(entry.keys() - prices.keys()))
            found[condition or "always"] = dict(sorted(prices.items()))
    return found


def _text_price(value: Json) -> str | None:
    number = exact(value) if isinstance(value, str) else None
    return None if number is None else canonical(number)


def amount(pricing: Json, key: str) -> str:
    """Write one price for people, without its unit: `$1.25`, `free`, `variable`, `not listed`."""
    number = exact(pricing.get(key)) if isinstance(pricing, Mapping) else None
    if number is None:
        return "not listed"
    if number < 0:
        return "variable"
    if number == 0:
        return "free"
    return dollars(number if key in UNITS else number * _MILLION)


def show(pricing: Json, key: str) -> str:
    """Write one price for people, with its unit: `$1.25 per M tokens`, `$0.01 per search`, `free`."""
    number = price(pricing, key)
    return f"{amount(pricing, key)} {UNITS.get(key, 'per M tokens')}" if number else amount(pricing, key)


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
    """Write prompt and completion together: `$1.25 in, $10.00 out per M tokens`."""
    prompt, completion = (exact(pricing.get(key)) if isinstance(pricing, Mapping) else None for key in MAIN)
    if prompt is None or completion is None:
        return "price not listed"
    if prompt < 0 or completion < 0:
        return "variable price"
    if not prompt and not completion:
        return "free"
    return f"{_short(prompt)} in, {_short(completion)} out per M tokens"


def _short(number: Decimal) -> str:
    return dollars(number * _MILLION) if number else "free"


def largest_move(before: Json, after: Json, keys: Iterable[str] = MAIN) -> Decimal | None:
    """Return the largest relative change among the keys, with its sign."""
    moves = [move for key in keys if (move := ratio(price(before, key), price(after, key)))]
    return max(moves, key=abs, default=None)


def blend(pricing: Json) -> Decimal | None:
    """Return 3 x prompt + completion in USD per token; None if either has no fixed price."""
    prompt, completion = (price(pricing, key) for key in MAIN)
    return None if prompt is None or completion is None else PROMPT_SHARE * prompt + completion


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

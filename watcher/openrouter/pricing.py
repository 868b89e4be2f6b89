"""The API's `pricing` of a model or an endpoint, made comparable."""

from collections.abc import Mapping

from watcher.domain.catalog import Json, Prices
from watcher.openrouter.prices import KNOWN, NO_PRICE, ZERO_WHEN_ABSENT, canonical, exact, is_window


def comparable(pricing: Mapping[str, Json]) -> tuple[Prices, Prices]:
    """Split the API's `pricing` into what is compared and what only follows the clock.

    Conditional prices (`overrides`) become a mapping from their condition to their prices. Where a condition
    is a daily window the top-level keys which it covers change with the hour, so they are not compared.
    A `discount` is a fraction that is already in the prices, so it is left out. What is no price is, too.
    """
    compared: dict[str, Json] = {}
    for key, value in pricing.items():
        number = exact(value) if key not in NO_PRICE else None
        if number is not None and not (number == 0 and key in ZERO_WHEN_ABSENT):
            compared[key] = canonical(number)
    overrides = _overrides(pricing.get("overrides"))
    covered = {key for condition, prices in overrides.items() if is_window(condition) for key in prices}
    clock = {key: compared.pop(key) for key in sorted(covered & compared.keys())}
    return (compared | {"overrides": overrides} if overrides else compared), clock


def unreadable(pricing: Mapping[str, Json]) -> dict[str, str]:
    """Return why values of the API's `pricing` are no prices, by key; unknown keys may be anything."""
    found = {
        key: "not a price"
        for key, value in pricing.items()
        if key in KNOWN and value is not None and exact(value) is None
    }
    if not isinstance(pricing.get("overrides", []), list | None):
        found["overrides"] = "not a list"
    return found


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

"""The unit of what a model sells: mostly tokens, but some are paid by the second or by the character."""

from collections.abc import Mapping
from decimal import Decimal

from watcher.domain.catalog import Document, Json
from watcher.openrouter import prices
from watcher.openrouter.prices import PER_CHARACTERS, PER_MILLION, PER_SECOND, PER_UNIT

MOST_A_SECOND = Decimal("0.01")  # USD; what costs more than $36 an hour is paid by another unit
MOST_A_TOKEN = Decimal("0.0002")


def main_unit(output: Json, *sides: Json) -> str:
    """Return the unit of the prices of prompt and completion, by what a model puts out and what it asks.

    A model that only transcribes or speaks, and asks nothing for its output, is paid by the second that it
    hears or the character that it reads; the list says no unit.
    """
    prompt, completion = (
        max((number for side in sides if (number := prices.price(side, key))), default=Decimal(0))
        for key in prices.MAIN
    )
    if output == ["transcription"] and prompt and not completion:
        return PER_SECOND if prompt < MOST_A_SECOND else PER_UNIT
    if output == ["speech"] and prompt and not completion:
        return PER_CHARACTERS
    return PER_UNIT if output == ["speech"] and completion >= MOST_A_TOKEN else PER_MILLION


def output_of(document: Document | None) -> Json:
    """Return what a model puts out, None if that is unknown."""
    return output_in(document.capabilities) if document else None


def output_in(capabilities: Json) -> Json:
    """Return the output modalities among capabilities, as a list."""
    output = capabilities.get("output") if isinstance(capabilities, Mapping) else None
    return [*output] if isinstance(output, list | tuple) else None


def show_price(pricing: Json, output: Json) -> str:
    """Write what a model costs in one go, in the unit by which it is paid."""
    unit = main_unit(output, pricing)
    if unit == PER_MILLION:
        return prices.show_main(pricing)
    key = next(key for key in prices.MAIN if prices.price(pricing, key))
    return f"{prices.amount(pricing, key, unit)} {unit}"


def sold_instead(before: Json, after: Json) -> frozenset[str]:
    """Return what a model whose tokens cost nothing sells before or after: images, requests, but no tokens.

    What is not listed of it costs nothing.
    """
    keys = prices.ZERO_WHEN_ABSENT.intersection(prices.headline(before, after))
    units = {key: prices.unit_of(key, *(prices.price(side, key) for side in (before, after))) for key in keys}
    return frozenset(key for key, unit in units.items() if unit != PER_MILLION)

"""What every provider asks: `GET /api/v1/models/{author}/{slug}/endpoints`, a request a model."""

import json
from collections.abc import Mapping, Sequence

from watcher.domain.catalog import Json
from watcher.domain.errors import RefusedError
from watcher.domain.providers import Offer
from watcher.openrouter import prices
from watcher.openrouter.pricing import comparable
from watcher.text.clean import LONGEST


def parse(page: bytes) -> dict[str, Offer]:
    """Read one model's answer: its offers by tag. Raises RefusedError if it cannot be believed."""
    try:
        body = json.loads(page)
    except ValueError as problem:
        message = f"the answer is not valid JSON ({str(problem)[:80]})"
        raise RefusedError(message) from None
    except RecursionError:  # whose own words depend on the Python
        message = "the answer is nested too deeply"
        raise RefusedError(message) from None
    data = body.get("data") if isinstance(body, dict) else None
    endpoints = data.get("endpoints") if isinstance(data, dict) else None
    if not isinstance(endpoints, list):
        message = "the answer has no list of endpoints in `data`"
        raise RefusedError(message)
    return read(endpoints)


def parse_recorded(page: bytes) -> dict[str, dict[str, Offer]]:
    """Read a recorded look, `{"data": {"<model>": [endpoint, ...]}}`. Raises RefusedError."""
    try:
        data = json.loads(page)["data"]
        return {model: read(endpoints) for model, endpoints in data.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        message = f"the recorded look cannot be read ({type(problem).__name__})"
        raise RefusedError(message) from None


def read(endpoints: Sequence[Json]) -> dict[str, Offer]:
    """Read an `endpoints` array; what is no offer is left out, and one whose price cannot be read has none.

    Unhealthy endpoints count. Of two with one tag the cheaper stands: an answer may list all of them twice.
    """
    offers: dict[str, Offer] = {}
    for row in endpoints:
        offer = _offer(row)
        if offer:
            offers[offer.tag] = min(offer, offers.get(offer.tag, offer), key=rank)
    return dict(sorted(offers.items()))


def _offer(row: Json) -> Offer | None:
    asked = row.get("pricing") if isinstance(row, Mapping) else None
    if not isinstance(row, Mapping) or not isinstance(asked, Mapping):
        return None
    provider = _name(row.get("provider_name"))
    tag = _name(row.get("tag")) or (provider.lower().replace(" ", "-") if provider else None)
    if tag is None:
        return None
    discount = prices.exact(asked.get("discount", 0))
    is_unreadable = any(key in asked and prices.exact(asked[key]) is None for key in prices.MAIN)
    shown = {} if is_unreadable else {key: asked[key] for key in asked if key != "discount"}
    price, clock = comparable(shown)
    return Offer(
        tag=tag,
        provider=provider or tag,
        price=price,
        discount=prices.canonical(discount) if discount is not None and 0 < discount < 1 else "0",
        status=_count(row.get("status")),
        quantization=_text(row.get("quantization")),
        context=_count(row.get("context_length")),
        max_output=_count(row.get("max_completion_tokens")),
        parameters=_sorted(row.get("supported_parameters")),
        clock=clock,
    )


def rank(offer: Offer) -> tuple[bool, float, str]:
    """Order offers: cheapest first, those without a fixed price last, by tag where equal."""
    asked = prices.blend(offer.price)
    return asked is None, float(asked or 0), offer.tag


def _name(value: Json) -> str | None:
    """Return a name that can be shown and kept as it is."""
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value != "unknown" else None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _sorted(value: Json) -> tuple[str, ...] | None:
    return tuple(sorted({str(entry) for entry in value})) if isinstance(value, list) else None

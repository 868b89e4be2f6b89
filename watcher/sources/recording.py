"""Recorded answers: the names of their files, and what is in them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from watcher.domain.catalog import Json
from watcher.domain.providers import Offer

NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(\.endpoints)?\.json(\.gz)?")
TIME = "%Y-%m-%dT%H-%M-%SZ"


def name(at: datetime, *, is_endpoints: bool) -> str:
    """Return the name of the compressed file for an answer of this time (UTC)."""
    return f"{at.astimezone(UTC).strftime(TIME)}{'.endpoints' if is_endpoints else ''}.json.gz"


def named(text: str) -> tuple[datetime, bool] | None:
    """Return the time (UTC) in a file's name, and whether it is a look at the providers; None for others."""
    found = NAME.fullmatch(text)
    try:
        return found and (datetime.strptime(found[1], TIME).replace(tzinfo=UTC), bool(found[2]))
    except ValueError:
        return None


def list_page(rows: Mapping[str, str]) -> bytes:
    """Write a model list from its rows as JSON text, by id."""
    return f'{{"data":[{",".join(rows[model] for model in sorted(rows))}]}}'.encode()


def offers_page(offers: Mapping[str, Mapping[str, Offer]]) -> bytes:
    """Write a look at the providers, from their offers by model and tag."""
    data = {model: [_row(offer) for offer in found.values()] for model, found in sorted(offers.items())}
    return json.dumps({"data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def _row(offer: Offer) -> dict[str, Json]:
    """Return an offer as the API writes an endpoint."""
    price = {**offer.price, **offer.clock, "discount": offer.discount}
    if isinstance(conditional := price.get("overrides"), Mapping):
        price["overrides"] = [_entry(condition, prices) for condition, prices in conditional.items()]
    return {
        "tag": offer.tag,
        "provider_name": offer.provider,
        "pricing": price,
        "status": offer.status,
        "quantization": offer.quantization,
        "context_length": offer.context,
        "max_completion_tokens": offer.max_output,
        "supported_parameters": offer.parameters,
    }


def _entry(condition: str, prices: Json) -> dict[str, Json]:
    """Return a conditional price as the API writes it: `min=5 x=a` becomes two keys beside the prices."""
    found: dict[str, Json] = {}
    for part in condition.split():
        key, equals, value = part.partition("=")
        if equals:
            found[key] = int(value) if value.isdecimal() else value
    return found | dict(prices if isinstance(prices, Mapping) else {})

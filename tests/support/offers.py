"""What made-up providers ask, and the looks at it."""

from typing import Any

from tests.support.catalogs import OWL
from watcher.domain.providers import Offer, OffersSnapshot
from watcher.sources.endpoints import read

Endpoint = dict[str, Any]
OWL_ID = str(OWL["id"])


def endpoint(tag: str, prompt: str, completion: str, /, **more: Any) -> Endpoint:
    """Give an endpoint as the API's schema has it; prices in USD per million tokens, or as they are (`-1`)."""
    pricing = {"prompt": _per_token(prompt), "completion": _per_token(completion)}
    return {
        "provider_name": tag.partition("/")[0].title(),
        "tag": tag,
        "quantization": "fp8",
        "context_length": 131072,
        "max_completion_tokens": 16384,
        "supported_parameters": ["max_tokens", "tools"],
        "status": 0,
        "uptime_last_30m": 99.5,
        **more,
        "pricing": pricing | more.get("pricing", {}),
    }


def offers(*endpoints: Endpoint) -> dict[str, Offer]:
    """Read endpoints as the source does."""
    return read(list(endpoints))


def asked(*endpoints: Endpoint, model: str = OWL_ID) -> OffersSnapshot:
    """Give the look that found these endpoints of one model."""
    return OffersSnapshot({model: offers(*endpoints)})


def _per_token(price: str) -> str:
    return price if price.startswith("-") else f"{price}e-6"

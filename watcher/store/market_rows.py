"""What is remembered of the providers of a model, as JSON text and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from watcher.domain.catalog import RowPrice, ShownPrice, Step
from watcher.domain.providers import Belief, Floor, Market, Offer, ProviderState
from watcher.text.times import from_iso, to_iso


def market_text(market: Market) -> str:
    """Write what is remembered of the providers of a model."""
    return _text(asdict(market))


def market_of(text: str) -> Market:
    """Read what `market_text` wrote."""
    values = json.loads(text)
    return Market(
        offers={tag: _offer(offer) for tag, offer in values["offers"].items()},
        floor=_belief(values["floor"]),
        asked_before={owner: Floor(**floor) for owner, floor in values["asked_before"].items()},
        providers={owner: _provider(state) for owner, state in values["providers"].items()},
        asked_at=_time(values["asked_at"]),
        answered_at=_time(values["answered_at"]),
        asked_lately=tuple(map(from_iso, values["asked_lately"])),
        failures=values["failures"],
        row=values["row"],
    )


def row_price_text(row: RowPrice | None) -> str | None:
    """Write what is remembered of the price in a model's row."""
    return None if row is None else _text(asdict(row))


def row_price_of(values: Mapping[str, Any] | None) -> RowPrice | None:
    """Read what `row_price_text` wrote, from its JSON value."""
    if values is None:
        return None
    shown = tuple(ShownPrice(one["price"], from_iso(one["last"])) for one in values["shown"])
    return RowPrice(values["reported"], values["routing"], _steps(values["steps"]), shown)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=_write_time, sort_keys=True, separators=(",", ":"))


def _write_time(value: object) -> str:
    if isinstance(value, datetime):
        return to_iso(value)
    message = f"{type(value).__name__} cannot be kept as JSON"
    raise TypeError(message)


def _time(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _offer(values: dict[str, Any]) -> Offer:
    parameters = values.pop("parameters")
    return Offer(**values, parameters=None if parameters is None else tuple(parameters))


def _belief(values: dict[str, Any] | None) -> Belief | None:
    if values is None:
        return None
    return Belief(
        reported=Floor(**values["reported"]),
        seen=Floor(**values["seen"]),
        steps=_steps(values["steps"]),
        moves=tuple(map(from_iso, values["moves"])),
    )


def _steps(values: list[dict[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(step["price"], from_iso(step["since"])) for step in values)


def _provider(values: dict[str, Any]) -> ProviderState:
    return ProviderState(
        is_known=values["is_known"],
        belief=_belief(values["belief"]),
        limits=values["limits"],
        differs_since=_time(values["differs_since"]),
        limits_since=_time(values["limits_since"]),
    )

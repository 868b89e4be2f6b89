"""What the providers of a model ask, as far as is known: the answer to "what does it cost, and where"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.domain.catalog import Item, Json, Prices
from watcher.domain.providers import Belief, Market, Offer
from watcher.openrouter import prices
from watcher.openrouter.ids import BATCH, is_alias, variant
from watcher.sources.endpoints import rank
from watcher.text.times import to_iso

OFF = "the endpoints source is off, so prices are judged from the list alone"
UNKNOWN = "no provider prices known yet"
GONE = "the list no longer shows this model, so its providers are not asked"
NOT_ASKED = "the providers of aliases and batch variants are not asked"


@dataclass(frozen=True, slots=True)
class Providers:
    """What is known of a model's providers; `note` says why that is nothing, or old.

    `offers` are those of the last answer, cheapest first; `floor` is the price that is followed and `since`
    its last move (None: it has not moved since it was known); `shown_by` are the providers that ask what
    the list's `row` shows. `next_at` is when they are asked next (UTC; None: not planned).
    """

    offers: tuple[Offer, ...]
    floor: Belief | None
    since: datetime | None
    row: Prices
    shown_by: tuple[str, ...]
    asked_at: datetime | None
    answered_at: datetime | None
    next_at: datetime | None
    note: str | None

    def as_json(self, model: str) -> dict[str, Json]:
        """Return all of it for machines."""
        belief = self.floor
        return {
            "type": "providers",
            "model": model,
            "note": self.note,
            "floor": _floor(belief, self.since) if belief else None,
            "listed_price": self.row,
            "listed_price_of": self.shown_by,
            "asked_at": _text(self.asked_at),
            "answered_at": _text(self.answered_at),
            "next_at": _text(self.next_at),
            "offers": [_offer(offer) for offer in self.offers],
        }


def providers(model: str, item: Item, market: Market, next_at: datetime | None, *, is_off: bool) -> Providers:
    """Gather what is known of a model's providers."""
    row = prices.main_prices(item.listed.price if item.listed else None)
    offers = tuple(sorted(market.offers.values(), key=rank))
    belief = market.floor
    return Providers(
        offers=offers,
        floor=belief,
        since=belief.moves[-1] if belief and belief.moves else None,
        row=row,
        shown_by=tuple(dict.fromkeys(offer.provider for offer in offers if _asks(offer, row))),
        asked_at=market.asked_at,
        answered_at=market.answered_at,
        next_at=next_at,
        note=_note(model, item, market, is_off=is_off),
    )


def _asks(offer: Offer, row: Prices) -> bool:
    return bool(row) and not prices.moved(prices.main_prices(offer.price), row)


def _note(model: str, item: Item, market: Market, *, is_off: bool) -> str | None:
    """Say why nothing new is known of a model's providers; None if all is as it should be."""
    if is_alias(model) or variant(model) == BATCH:
        return NOT_ASKED
    if is_off:
        return OFF
    if item.listed is None:
        return GONE
    failed = f"requests without an answer since then: {market.failures}" if market.failures else None
    return failed if market.offers else UNKNOWN


def _floor(belief: Belief, since: datetime | None) -> Mapping[str, Json]:
    seen, reported = belief.seen, belief.reported
    return {
        **seen.price,
        "provider": seen.provider,
        "tag": seen.tag,
        "since": _text(since),
        "reported": {**reported.price, "provider": reported.provider, "tag": reported.tag},
    }


def _offer(offer: Offer) -> Mapping[str, Json]:
    return {
        "tag": offer.tag,
        "provider": offer.provider,
        "price": {**offer.clock, **offer.price},
        "discount": offer.discount,
        "context": offer.context,
        "max_output": offer.max_output,
        "quantization": offer.quantization,
        "status": offer.status,
        "parameters": offer.parameters,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_iso(at)

"""Which models could take the place of one that leaves: a newer version, or one with the same abilities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from watcher.domain.catalog import Document, Item, Json
from watcher.domain.providers import Market
from watcher.openrouter import ids, prices
from watcher.openrouter.families import Family, family
from watcher.openrouter.units import output_of, show_price

MOST = 3
MOST_NEWER = 2  # so that another author's model is named too
FLEETING = frozenset({"openrouter", "stealth"})  # authors whose models are routers, or vanish without notice
PARAMETERS = {"tools": "tools", "reasoning": "reasoning", "structured_outputs": "structured outputs"}
"""Parameters without which much does not work, and their names."""
ALIKE = Decimal("0.01")
MUCH_DEARER = 3  # times the price; from here on percent say little
K, M = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model as a successor; `cost` is what the usual mix of tokens costs, or what is sold instead.

    `cost` is None where that is not fixed, and begins with the unit if it is not one of tokens.
    """

    model: str
    document: Document
    price: Mapping[str, Json]
    cost: tuple[str, Decimal] | None
    family: Family

    @classmethod
    def of(cls, model: str, document: Document, market: Market | None) -> "Candidate":
        """Return a model with the price that its cheapest provider asks, or else that of its row."""
        asked = market.floor.seen.price if market and market.floor else {}
        price = {**prices.full_price(document), **asked}
        return cls(model, document, price, _cost(price), family(model, ids.slug(document)))


def _cost(price: Mapping[str, Json]) -> tuple[str, Decimal] | None:
    blended = prices.blend(price)
    units = () if blended else prices.other_units(price)
    if blended is None:
        return None
    return next(((unit, prices.price(price, unit) or blended) for unit in units), ("", blended))


def candidates(items: Mapping[str, Item], markets: Mapping[str, Market]) -> tuple[Candidate, ...]:
    """Return the listed models that stay, as far as anybody can tell; no variants and no aliases."""
    return tuple(
        Candidate.of(model, item.listed, markets.get(model))
        for model, item in items.items()
        if item.listed and not _is_leaving(item) and ids.author(model) not in FLEETING
        if not (ids.is_alias(model) or ids.variant(model))
    )


def _is_leaving(item: Item) -> bool:
    sides = [side for side in (item.observed, item.announced) if side]
    return any(side.expiration or side.deprecation for side in sides)


def successors(leaving: Candidate, found: Iterable[Candidate]) -> list[Json]:
    """Return up to three models to use instead, best first, as an event's facts have them."""
    others = [one for one in found if one.model != leaving.model]
    same = [one for one in others if _is_same(leaving, one)]
    if same:
        return [_named(leaving, one) for one in same[:1]]
    newer = sorted(
        (one for one in others if _is_newer(leaving, one)),
        key=lambda one: (not _lost(leaving, one), one.family.version),
        reverse=True,
    )[:MOST_NEWER]
    alike = sorted(
        ((distance, one.cost, one.model), one)
        for one in others
        if one not in newer and (distance := _distance(leaving, one)) is not None and not _lost(leaving, one)
    )
    return [_named(leaving, one) for one in [*newer, *(one for _, one in alike)][:MOST]]


def _is_same(leaving: Candidate, one: Candidate) -> bool:
    """Whether it is the same model under another id, or without its variant."""
    shared = ids.slug(leaving.document)
    return one.model == ids.base(leaving.model) or (bool(shared) and ids.slug(one.document) == shared)


def _is_newer(leaving: Candidate, one: Candidate) -> bool:
    """Whether it is a newer version by the same author."""
    if ids.author(one.model) != ids.author(leaving.model):
        return False
    is_of_family = one.family.words == leaving.family.words
    return is_of_family and one.family.version > leaving.family.version


def _distance(leaving: Candidate, one: Candidate) -> Decimal | None:
    """Return how many times dearer or cheaper a model is; None if that cannot be compared."""
    if leaving.cost is None or one.cost is None or leaving.cost[0] != one.cost[0]:
        return None
    low, high = sorted((leaving.cost[1], one.cost[1]))
    if not low:
        return Decimal("Infinity") if high else Decimal(1)
    return high / low


def _named(leaving: Candidate, one: Candidate) -> Json:
    name = (one.document.details or {}).get("name")
    return {
        "model": one.model,
        "name": name if isinstance(name, str) else "",
        "price": _price(leaving, one),
        "lost": [*_lost(leaving, one)],
    }


def _price(leaving: Candidate, one: Candidate) -> str:
    """Compare the price: `20 % cheaper`; where that is not possible, write it."""
    if prices.is_free(one.price):
        return "free"
    distance = _distance(leaving, one)
    if distance is None or not distance.is_finite() or leaving.cost is None or one.cost is None:
        return show_price(one.price, output_of(one.document))
    if distance <= 1 + ALIKE:
        return "same price"
    if one.cost[1] < leaving.cost[1]:
        return f"{_share(1 - 1 / distance)} cheaper"
    return f"{distance:.2g} times the price" if distance >= MUCH_DEARER else f"{_share(distance - 1)} dearer"


def _share(share: Decimal) -> str:
    return prices.percent(share).removeprefix("+")


def _lost(leaving: Candidate, one: Candidate) -> Sequence[str]:
    """Return what a model lacks that the leaving one has, as far as both are known."""
    had, has = (side.document.capabilities or {} for side in (leaving, one))
    lost = [
        f"{entry} {side}"
        for side in ("input", "output")
        for entry in had.get(side) or ()
        if (offered := has.get(side)) is not None and entry not in offered
    ]
    used, offered = (side.get("parameters") for side in (had, has))
    lacking = {*(used or ())} - {*offered} if offered is not None else ()
    lost += [name for key, name in PARAMETERS.items() if key in lacking]
    before, after = leaving.document.context, one.document.context
    if before is not None and after is not None and after < before:
        lost.append(f"context {_tokens(before)} → {_tokens(after)}")
    return lost


def _tokens(count: int) -> str:
    """Write a number of tokens in short: `128k`, `1M`, `1.05M`."""
    if count >= M:
        return f"{count / M:.3g}M"
    return f"{count // K}k" if count >= K else str(count)

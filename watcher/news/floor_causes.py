"""Why the floor of a model moved: which provider did what."""

from collections.abc import Mapping
from decimal import Decimal

from watcher.domain.providers import Floor
from watcher.news.floor import Move
from watcher.openrouter import prices

ALIKE = Decimal("0.01")
Asked = Mapping[str, Floor]
"""The least that each provider asks, by owner."""


def cause_of(move: Move, before: Asked, now: Asked) -> str:
    """Return in words what moved the floor: a fall is the new cheapest one's doing, a rise the old one's."""
    old, new = move.before, move.after
    if old.owner == new.owner:
        return _own(old, new)
    taken = f"{new.provider} is now the cheapest"
    if _cost(new) < _cost(old):
        if new.owner not in before:
            return f"{new.provider} now offers it and is the cheapest"
        return f"{_own(before[new.owner], new)}; it is now the cheapest"
    if old.owner not in now:
        return f"{old.provider}, the cheapest so far, no longer offers it; {taken}"
    return f"{_own(old, now[old.owner])}; {taken}"


def _own(before: Floor, after: Floor) -> str:
    """Return what a provider did with its own price."""
    had, has = Decimal(before.discount), Decimal(after.discount)
    if had != has and _is_alike(_list_price(before), _list_price(after)):
        return _discount(after.provider, had, has)
    return f"{after.provider} {'raised' if _cost(after) > _cost(before) else 'lowered'} its price"


def _discount(name: str, had: Decimal, has: Decimal) -> str:
    if had and has:
        return f"the discount of {name} went from {_share(had)} to {_share(has)}"
    return f"a {_share(had or has)} discount of {name} {'ended' if had else 'began'}"


def _list_price(floor: Floor) -> Decimal:
    """Return what would be asked without the discount, which is already in the price."""
    return _cost(floor) / (1 - Decimal(floor.discount))


def _cost(floor: Floor) -> Decimal:
    return prices.blend(floor.price) or Decimal(0)


def _is_alike(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= ALIKE * max(one, other)


def _share(share: Decimal) -> str:
    return prices.percent(share).removeprefix("+")

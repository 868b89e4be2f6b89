"""Why the floor of a model moved: which provider did what."""

from collections.abc import Mapping
from decimal import Decimal

from watcher.domain.providers import Floor
from watcher.news.floor import Move
from watcher.openrouter import prices

ALIKE = Decimal("0.01")
CHEAPEST = "{} is now the cheapest"
CAME = "{} now offers it and is the cheapest"
TOOK_OVER = "{} and is now the cheapest"
LEFT = "{}, the cheapest so far, stopped offering it; {}"
GAVE_UP = "{}; {}"
RAISED = "{} raised its price"
LOWERED = "{} lowered its price"
DISCOUNT_MOVED = "{} changed its discount from {} % to {} %"
DISCOUNT_ENDED = "{} ended its {} % discount"
DISCOUNT_BEGAN = "{} began a {} % discount"
_OWN = (RAISED, LOWERED, DISCOUNT_MOVED, DISCOUNT_ENDED, DISCOUNT_BEGAN)
OF_FLOOR = (
    *_OWN,
    CAME,
    LEFT.format("{}", CHEAPEST),
    *(TOOK_OVER.format(own) for own in _OWN),
    *(GAVE_UP.format(own, CHEAPEST) for own in _OWN),
)
"""Every cause, with {} for the parts that vary."""
Asked = Mapping[str, Floor]
"""The least that each provider asks, by owner."""


def cause_of(move: Move, before: Asked, now: Asked) -> str:
    """Return in words what moved the floor: a fall is the new cheapest one's doing, a rise the old one's."""
    old, new = move.before, move.after
    if old.owner == new.owner:
        return _own(old, new)
    taken = CHEAPEST.format(new.provider)
    if _cost(new) < _cost(old):
        if new.owner not in before:
            return CAME.format(new.provider)
        return TOOK_OVER.format(_own(before[new.owner], new))
    if old.owner not in now:
        return LEFT.format(old.provider, taken)
    return GAVE_UP.format(_own(old, now[old.owner]), taken)


def _own(before: Floor, after: Floor) -> str:
    """Return what a provider did with its own price."""
    had, has = Decimal(before.discount), Decimal(after.discount)
    if had != has and _is_alike(_list_price(before), _list_price(after)):
        return _discount(after.provider, had, has)
    return (RAISED if _cost(after) > _cost(before) else LOWERED).format(after.provider)


def _discount(name: str, had: Decimal, has: Decimal) -> str:
    if had and has:
        return DISCOUNT_MOVED.format(name, _share(had), _share(has))
    return (DISCOUNT_ENDED if had else DISCOUNT_BEGAN).format(name, _share(had or has))


def _list_price(floor: Floor) -> Decimal:
    """Return what would be asked without the discount, which is already in the price."""
    return _cost(floor) / (1 - Decimal(floor.discount))


def _cost(floor: Floor) -> Decimal:
    return prices.blend(floor.price) or Decimal(0)


def _is_alike(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= ALIKE * max(one, other)


def _share(share: Decimal) -> str:
    return prices.percent(share).removeprefix("+").removesuffix(" %")

"""Who offers a model, and on what terms: providers that came, left, changed their price or their limits.

The unit is the provider, not the endpoint: its price is the least that it asks, with that offer's limits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Json
from watcher.domain.kinds import Kind
from watcher.domain.providers import Belief, Offer, ProviderState
from watcher.news import floor

LIMITS = ("context", "max_output", "quantization")
LAST_ONE = "down to one provider"
LEFT = "{} providers remain"
Holds = Mapping[str, timedelta]


@dataclass(frozen=True, slots=True)
class ProviderNews:
    """A piece of news about a provider of a model, and why if that is known."""

    kind: Kind
    provider: str
    before: Json
    after: Json
    since: datetime
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """One provider at one look: its offers, the time, how many providers there are, the holds."""

    owner: str
    offers: tuple[Offer, ...]
    at: datetime
    providers: int
    holds: Holds


def begin(offers: Iterable[Offer]) -> dict[str, ProviderState]:
    """Accept all providers of the first look as known."""
    return {owner: _known(own) for owner, own in _by_owner(offers).items()}


def look(
    known: Mapping[str, ProviderState], offers: Iterable[Offer], at: datetime, holds: Holds
) -> tuple[dict[str, ProviderState], list[ProviderNews]]:
    """Take in one look at a model; an answer without any offer says nothing."""
    found = _by_owner(offers)
    if not found:
        return dict(known), []
    after: dict[str, ProviderState] = {}
    news: list[ProviderNews] = []
    for owner in sorted({*known, *found}):
        shown = _Look(owner, found.get(owner, ()), at, len(found), holds)
        state, said = _one(known.get(owner, ProviderState(is_known=False)), shown)
        news += said
        if state.is_known or state.differs_since:
            after[owner] = state
    return after, news


def _by_owner(offers: Iterable[Offer]) -> dict[str, tuple[Offer, ...]]:
    found: dict[str, tuple[Offer, ...]] = {}
    for offer in offers:
        found[offer.owner] = (*found.get(offer.owner, ()), offer)
    return found


def _one(state: ProviderState, shown: _Look) -> tuple[ProviderState, list[ProviderNews]]:
    if state.is_known != bool(shown.offers):
        return _presence(state, shown)
    if not shown.offers:
        return replace(state, differs_since=None), []
    state, priced = _price(replace(state, differs_since=None), shown)
    state, limited = _limits(state, shown)
    return state, priced + limited


def _presence(state: ProviderState, shown: _Look) -> tuple[ProviderState, list[ProviderNews]]:
    """Note a provider that came or left; it is news once that has lasted."""
    since = state.differs_since or shown.at
    if shown.at < since + shown.holds["provider_added" if shown.offers else "provider_removed"]:
        return replace(state, differs_since=since), []
    if shown.offers:
        now = _known(shown.offers)
        return now, [ProviderNews(Kind.PROVIDER_ADDED, shown.owner, None, _price_of(now.belief), since)]
    remain = LAST_ONE if shown.providers == 1 else LEFT.format(shown.providers)
    after: Json = {"providers": shown.providers}
    price = _price_of(state.belief)
    gone = ProviderNews(Kind.PROVIDER_REMOVED, shown.owner, price, after, since, remain)
    return ProviderState(is_known=False), [gone]


def _price(state: ProviderState, shown: _Look) -> tuple[ProviderState, list[ProviderNews]]:
    least = floor.floor_of(shown.offers)
    if state.belief is None:
        return replace(state, belief=Belief(least, least) if least else None), []
    belief, move = floor.look(state.belief, least, shown.at, shown.holds)
    now = replace(state, belief=belief)
    if move is None:
        return now, []
    prices = move.before.price, move.after.price
    return now, [ProviderNews(Kind.PROVIDER_PRICE_CHANGED, shown.owner, *prices, move.since)]


def _limits(state: ProviderState, shown: _Look) -> tuple[ProviderState, list[ProviderNews]]:
    """Note limits that differ from those known; becoming known, or unknown, is no news."""
    seen = limits_of(shown.offers)
    known = seen | {key: limit for key, limit in state.limits.items() if limit is not None}
    differs = any(seen[key] not in (None, known[key]) for key in LIMITS)
    since = (state.limits_since or shown.at) if differs else None
    if since is None or shown.at < since + shown.holds["limits"]:
        return replace(state, limits=known, limits_since=since), []
    now = known | {key: limit for key, limit in seen.items() if limit is not None}
    news = ProviderNews(Kind.PROVIDER_LIMITS_CHANGED, shown.owner, known, now, since)
    return replace(state, limits=now, limits_since=None), [news]


def limits_of(offers: Iterable[Offer]) -> dict[str, str | int | None]:
    """Return the limits of a provider's cheapest offer: context and output in tokens, quantization."""
    own = {offer.tag: offer for offer in offers}
    least = floor.floor_of(own.values())
    offer = own[least.tag] if least else next(iter(own.values()))
    return {"context": offer.context, "max_output": offer.max_output, "quantization": offer.quantization}


def _known(offers: tuple[Offer, ...]) -> ProviderState:
    least = floor.floor_of(offers)
    belief = Belief(least, least) if least else None
    return ProviderState(is_known=True, belief=belief, limits=limits_of(offers))


def _price_of(belief: Belief | None) -> Json:
    return belief.seen.price if belief else None

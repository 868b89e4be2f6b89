"""The providers of each model from look to look: the floor, who came, who left, who changed what."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Document, FieldChange, Item, Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import ENDPOINTS, Poll, State
from watcher.domain.providers import Belief, Market, Offer, OffersSnapshot
from watcher.news import floor, providers
from watcher.news.asking import SEVERAL, SINGLE
from watcher.news.draft import Draft
from watcher.news.events import event_id
from watcher.news.floor_causes import cause_of
from watcher.news.holds import Due, Reason
from watcher.news.outlook import Waiting
from watcher.news.providers import ProviderNews
from watcher.news.settings import Settings
from watcher.openrouter import prices
from watcher.openrouter.ids import is_alias

Holds = Mapping[str, timedelta]
LATER = timedelta(days=365)  # longer than any hold


def observe(draft: Draft, _before: State, poll: Poll, settings: Settings) -> Draft:
    """Take in what the providers answered; what the list no longer shows is forgotten with its model."""
    snapshot = poll.answers.get(ENDPOINTS)
    markets = {model: market for model, market in draft.markets.items() if model in draft.items}
    news: list[Event] = []
    if isinstance(snapshot, OffersSnapshot):
        for model, offers in sorted(snapshot.offers.items()):
            item = draft.items.get(model)
            if item is None or is_alias(model):
                continue
            market = markets.get(model, Market())
            markets[model], found = look(model, market, offers, item, poll.at, settings.policy.holds)
            news += found
        for model in snapshot.failures.keys() & draft.items.keys():
            known = markets.get(model, Market())
            markets[model] = replace(known.asked(poll.at), failures=known.failures + 1)
    return replace(draft, markets=markets, news=(*draft.news, *news))


def is_current(market: Market | None, at: datetime) -> bool:
    """Whether the floor of a model is known, by a look that is not too old."""
    if market is None or market.floor is None or market.answered_at is None:
        return False
    period = SINGLE if market.floor.seen.providers == 1 else SEVERAL
    return at - market.answered_at <= 2 * period


def look(
    model: str, market: Market, offers: Mapping[str, Offer], item: Item, at: datetime, holds: Holds
) -> tuple[Market, list[Event]]:
    """Take in one model's answer at `at` (UTC); the first one is the baseline."""
    offers = _with_last_known(offers, market.offers)
    row = prices.main_prices(item.observed.price if item.observed else None)
    asked = replace(market.asked(at), failures=0, row=row)
    if not offers:
        return asked, []  # nobody offers it: the list will say that the model left
    asked = replace(asked, offers=offers, answered_at=at)
    if not market.offers:
        least = floor.floor_of(offers.values())
        return replace(
            asked,
            floor=Belief(least, least) if least else None,
            asked_before=floor.floors_of(offers.values()),
            providers=providers.begin(offers.values()),
        ), []
    asked, moved = _floor(model, asked, item, at, holds)
    states, found = providers.look(market.providers, offers.values(), at, holds)
    news = [_event_of(model, item, one, at) for one in found]
    return replace(asked, providers=states), moved + news


def _with_last_known(offers: Mapping[str, Offer], known: Mapping[str, Offer]) -> dict[str, Offer]:
    """Return the offers; one whose price cannot be read is as it was last, or left out: it has not gone."""
    return {
        tag: offer if offer.price or offer.clock else known[tag]
        for tag, offer in offers.items()
        if offer.price or offer.clock or tag in known
    }


def outlook(model: str, market: Market, item: Item, at: datetime, holds: Holds) -> list[Waiting]:
    """Return what waits of a model's providers at `at` (UTC); `event` is what would be reported."""
    if not market.offers:
        return []
    _, events = look(model, market, market.offers, item, at + LATER, holds)
    return [
        Waiting(replace(event, at=at), event.since or at, due.at, due.reason)
        for event in events
        if (due := _due(market, event, at, holds))
    ]


def _due(market: Market, event: Event, at: datetime, holds: Holds) -> Due | None:
    """Return when an event that waits is news if what it tells of lasts, and why then."""
    if event.kind is Kind.PRICE_CHANGED:
        return floor.due_at(market.floor, at, holds) if market.floor else None
    if event.kind is Kind.PROVIDER_PRICE_CHANGED:
        belief = market.providers[event.provider or ""].belief
        return floor.due_at(belief, at, holds) if belief else None
    return Due((event.since or at) + holds[event.kind.row.hold or ""], Reason.USUAL)


def _floor(model: str, market: Market, item: Item, at: datetime, holds: Holds) -> tuple[Market, list[Event]]:
    least, now = floor.floor_of(market.offers.values()), floor.floors_of(market.offers.values())
    if market.floor is None:
        return replace(market, floor=Belief(least, least) if least else None, asked_before=now), []
    belief, move = floor.look(market.floor, least, at, holds)
    if move is None:
        return replace(market, floor=belief), []
    cause = cause_of(move, market.asked_before, now)
    news = ProviderNews(
        Kind.PRICE_CHANGED, move.after.owner, move.before.price, move.after.price, move.since, cause
    )
    event = _event_of(model, item, news, at)
    return replace(market, floor=belief, asked_before=now), [event]


def _event_of(model: str, item: Item, news: ProviderNews, at: datetime) -> Event:
    said: Json = {"since": news.since.isoformat(), "after": news.after}
    return Event(
        id=event_id(news.kind, f"{model} {news.provider}", news.before, said, 0),
        at=at,
        kind=news.kind,
        subject=model,
        before=news.before,
        after=news.after,
        fields=_fields(news.before, news.after),
        cause=news.cause,
        since=news.since,
        model=_as_asked(item.observed, news.after),
        provider=news.provider,
    )


def _as_asked(document: Document | None, price: Json) -> Document | None:
    """Return a model with the price that the event is about: rules judge that one, not the row's."""
    asked = prices.main_prices(price)
    return replace(document, price={**(document.price or {}), **asked}) if document else None


def _fields(before: Json, after: Json) -> tuple[FieldChange, ...]:
    """Return the values that differ, where both ends have them."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return ()
    return tuple(
        FieldChange(key, before[key], after[key])
        for key in sorted(before.keys() & after.keys())
        if before[key] != after[key]
    )

"""What a reader wants to know of an event besides what happened: how the price moved, what to use instead."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from watcher.domain.catalog import Item, Json
from watcher.domain.kinds import About, Kind
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.providers import Market
from watcher.news import price_history
from watcher.news.floor import floors_of
from watcher.news.price_history import Level
from watcher.news.successors import Candidate, candidates, successors
from watcher.openrouter import ids, prices
from watcher.openrouter.units import output_of, show_price
from watcher.text.times import show_date

LATE = timedelta(days=1)  # a change that was seen so long before it is told is told with its day
SAME = prices.SMALL / 5  # prices that are less apart are the same
FLOOR = "floor."
LEAVING = frozenset(
    {
        Kind.EXPIRATION_ANNOUNCED,
        Kind.EXPIRATION_MOVED,
        Kind.EXPIRATION_RESTORED,
        Kind.EXPIRATION_REMINDER,
        Kind.EXPIRATION_OVERDUE,
        Kind.EXPIRATION_DESCRIBED,
        Kind.MODEL_REMOVED,
    }
)
TREND = LEAVING | {
    Kind.EXPIRATION_WITHDRAWN,
    Kind.PRICE_CHANGED,
    Kind.PRICE_ROUTED,
    Kind.PROVIDER_PRICE_CHANGED,
}
Facts = dict[str, Json]


@dataclass(frozen=True)
class Known:
    """What is known after a poll: models, what providers ask, past values, and those that are new."""

    items: Mapping[str, Item]
    markets: Mapping[str, Market] = field(default_factory=dict)
    charts: Mapping[str, Sequence[HistoryEntry]] = field(default_factory=dict)
    new: Sequence[HistoryEntry] = ()

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The models that could take another's place."""
        return candidates(self.items, self.markets)

    def history(self, event: Event) -> tuple[Level, ...]:
        """Return how the price moved that an event is about: its provider's, the floor, or the row's."""
        entries = [
            *self.charts.get(event.subject, ()),
            *(entry for entry in self.new if entry.model == event.subject),
        ]
        if event.kind is Kind.PROVIDER_PRICE_CHANGED:
            return price_history.levels(entries, f"{event.provider}.")
        is_of_row = event.kind is Kind.PRICE_CHANGED and event.provider is None
        floor = () if is_of_row else price_history.levels(entries, FLOOR)
        return floor or price_history.levels(entries)


def with_facts(events: Iterable[Event], known: Known) -> tuple[list[Event], list[str]]:
    """Return the events with their facts, and which could not be found: an event is news without them too."""
    found: list[Event] = []
    faults: list[str] = []
    for event in events:
        try:
            facts = _facts(event, known)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event itself must go on
            facts = {}
            faults.append(f"no facts for event {event.id} ({type(error).__name__})")
        found.append(replace(event, facts={**event.facts, **facts}) if facts else event)
    return found, faults


def _facts(event: Event, known: Known) -> Facts:
    if event.kind.row.about is not About.MODEL:
        return {}
    facts: Facts = {}
    if event.kind in TREND:
        history = known.history(event)
        facts["trend"] = price_history.sparkline(history, event.at)
        if event.kind is Kind.PRICE_CHANGED:
            since = event.since or event.at
            facts["record"] = price_history.record(history, event.before, event.after, since)
            facts["chart"] = price_history.chart(history, event.at)
    facts["successors"] = _successors(event, known)
    facts["notes"] = [note for write in NOTES if (note := write(event, known.markets.get(event.subject)))]
    return {name: fact for name, fact in facts.items() if fact}


def _successors(event: Event, known: Known) -> list[Json]:
    is_said_to_stay = event.kind is Kind.EXPIRATION_DESCRIBED and event.after is None
    is_echo = ids.is_alias(event.subject) or ids.variant(event.subject) == ids.BATCH
    if event.kind not in LEAVING or event.model is None or is_said_to_stay or is_echo:
        return []
    leaving = Candidate.of(event.subject, event.model, known.markets.get(event.subject))
    return successors(leaving, known.candidates)


def _since(event: Event, _market: Market | None) -> str:
    """Say since when, where that is long before it is told."""
    if event.since is None or event.at - event.since <= LATE or event.kind.startswith("expiration."):
        return ""
    absent = "not listed " if event.kind is Kind.MODEL_REMOVED else ""
    return f"{absent}since {show_date(event.since, event.at)}"


def _others(event: Event, market: Market | None) -> str:
    """Say what the other providers ask, if the price of the cheapest changed."""
    if event.kind is not Kind.PRICE_CHANGED or event.provider is None or market is None:
        return ""
    asked = [prices.blend(floor.price) for floor in floors_of(market.offers.values()).values()]
    costs = sorted(cost for cost in asked if cost is not None)
    before, now = prices.blend(event.before), prices.blend(event.after)
    if len(costs) < 2 or not before or not now:  # noqa: PLR2004 - there are no others
        return ""
    still = sum(abs(cost - before) <= SAME * before for cost in costs)
    alike = sum(abs(cost - now) <= SAME * now for cost in costs)
    if still and before > now:
        return f"{still} of {len(costs)} providers still {'asks' if still == 1 else 'ask'} the old price"
    if alike > 1:
        return f"{alike} of {len(costs)} providers ask this"
    share = prices.percent(costs[1] / now - 1).removeprefix("+")
    return f"the next cheapest of {len(costs)} providers asks {share} more"


def _cheapest(event: Event, market: Market | None) -> str:
    """Say what the cheapest provider asks, where the list shows another one."""
    if event.kind is not Kind.PRICE_ROUTED or market is None or market.floor is None:
        return ""
    floor = market.floor.seen
    if prices.apart(floor.price, event.after) < prices.SMALL:
        return "that is the price of the cheapest provider"
    price = show_price(floor.price, output_of(event.model))
    return f"{floor.provider}, the cheapest, asks {price}"


NOTES: tuple[Callable[[Event, Market | None], str], ...] = (_since, _others, _cheapest)

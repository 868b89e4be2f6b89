"""The model list from poll to poll: each model observed, settled and kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from watcher.domain.catalog import Aspect, Document, Item, Json, Prices, Snapshot
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.domain.polls import MODELS, Health, Poll, State
from watcher.domain.providers import Market
from watcher.news.draft import Draft
from watcher.news.events import event_id, of_catalog
from watcher.news.feed import confirm, unconfirmed
from watcher.news.holds import Moment
from watcher.news.lineage import related
from watcher.news.market import is_current
from watcher.news.settings import Settings
from watcher.news.settle import adopt, settle
from watcher.openrouter.ids import BATCH, base, slug, variant
from watcher.openrouter.prices import full_price

MOST_FIELDS = 1000  # names of fields remembered; the real list has 60
MOST_GONE = 2000  # models remembered that are no longer listed; in a year a few hundred leave
DATE = "expiration_date"  # the row's field
PRICING = "pricing."
FIELDS = {
    DATE: "expiration",
    "description": "deprecation",
    "context_length": "context",
    "alias_target": "alias",
    "alias_target.slug": "alias",
    "pricing": "price",
    "top_provider": "routing",
}
"""Fields of a row whose value is a value of the document."""
NEW_FIELD = "The model list has a new field: {}"
NEW_FIELDS = "The model list has new fields: {}"
LISTED_IN_FEED = Document()  # the feed says that a model is listed, nothing else


@dataclass(frozen=True, slots=True)
class Look:
    """One credible list and how to read it.

    `source` is its health after the poll before; `unconfirmed` are slugs and ids known from the feed alone;
    `markets` are the providers by model.
    """

    snapshot: Snapshot
    source: Health
    at: datetime
    policy: Policy = field(default_factory=Policy)
    unconfirmed: frozenset[str] = frozenset()
    markets: Mapping[str, Market] = field(default_factory=dict)

    @property
    def is_first(self) -> bool:
        """Whether this is the baseline, which is no news."""
        return self.source.last_good is None

    @property
    def is_same_query(self) -> bool:
        """Whether the query is the same as before; models that only another query shows are not news."""
        return self.source.query_id == self.snapshot.query_id


def observe(draft: Draft, before: State, poll: Poll, settings: Settings) -> Draft:
    """Add what the list shows: the models as they are now, and the changes that are news."""
    snapshot = poll.answers.get(MODELS)
    if not isinstance(snapshot, Snapshot):
        return draft
    source = before.sources.get(MODELS, Health())
    look = Look(snapshot, source, poll.at, settings.policy, unconfirmed(draft.feed), draft.markets)
    items, news = observe_all(draft.items, look)
    new = _new_fields(source.fields, snapshot.fields)
    health = replace(draft.sources[MODELS], fields=source.fields | new)
    return replace(
        draft,
        items=items,
        sources={**draft.sources, MODELS: health},
        feed=confirm(draft.feed, items),
        news=(*draft.news, *related(news, items), *_of_fields(source.fields, new, poll.at)),
        raw=snapshot.raw,
    )


def observe_all(items: Mapping[str, Item], look: Look) -> tuple[dict[str, Item], list[Event]]:
    """Observe each model of the list and each one stored; return all of them, and the news."""
    after: dict[str, Item] = {}
    news: list[Event] = []
    moment = Moment(look.at, look.source.last_good or look.at)
    for model in sorted(items.keys() | look.snapshot.documents.keys()):
        item, events = _observe(model, items.get(model), look, moment)
        if item is not None:
            after[model] = item
        news += events
    return _without_long_gone(after), news


def _without_long_gone(items: Mapping[str, Item]) -> dict[str, Item]:
    """Forget the models that left first if there are too many; one that returns then is new again."""
    gone = [model for model, item in items.items() if not item.listed and not item.pending]
    if len(gone) <= MOST_GONE:
        return {**items}
    forgotten = {*sorted(gone, key=lambda model: _left_at(items[model]))[:-MOST_GONE]}
    return {model: item for model, item in items.items() if model not in forgotten}


def _left_at(item: Item) -> datetime:
    left = item.last.get(Aspect.LISTED)
    return left.at if left else datetime.min.replace(tzinfo=UTC)


def _observe(model: str, item: Item | None, look: Look, moment: Moment) -> tuple[Item | None, list[Event]]:
    document = look.snapshot.documents.get(model)
    if document is None:
        return _observe_absence(model, item, look, moment)
    if look.is_first or (_is_listed_anew(item) and not look.is_same_query):
        return adopt(document, look.at, look.policy), []
    if _is_listed_anew(item) and not look.unconfirmed.isdisjoint({slug(document), base(model)}):
        return _priced(model, document, look, moment)
    if item is not None and item.observed:
        unread = set(look.snapshot.unread.get(model, ()))
        if DATE not in look.snapshot.fields:
            unread.add(DATE)  # a list without any dates does not withdraw them
        document = with_last_known(document, item.observed, unread)
    return _settle(model, item or Item(), document, look, moment)


def with_last_known(document: Document, last: Document, unread: Collection[str]) -> Document:
    """Return a document in which fields that could not be read are as they were last."""
    known = {FIELDS[name]: getattr(last, FIELDS[name]) for name in FIELDS.keys() & unread}
    keys = {name.removeprefix(PRICING) for name in unread if name.startswith(PRICING)}
    for side in ("price", "clock") if keys else ():
        before: Prices = getattr(last, side) or {}
        known[side] = {
            **(getattr(document, side) or {}),
            **{key: before[key] for key in keys & before.keys()},
        }
    return replace(document, **known) if known else document


def _observe_absence(
    model: str, item: Item | None, look: Look, moment: Moment
) -> tuple[Item | None, list[Event]]:
    if item is None or model in look.snapshot.refused:
        return item, []  # an unreadable row does not mean that the model changed or left
    is_capability = variant(model) == BATCH and base(model) in look.snapshot.documents
    if item.announced is None or is_capability:
        return None, []  # came and went unannounced, or is a capability of its model now
    document = replace(item.observed or item.announced, listed=False)
    if not look.is_same_query:
        return _left_out(item, document), []
    return _settle(model, item, document, look, moment)


def _settle(
    model: str, item: Item, document: Document, look: Look, moment: Moment
) -> tuple[Item | None, list[Event]]:
    if _is_quiet(item, document):
        return item, []
    market = look.markets.get(model)
    known = market if is_current(market, look.at) else None
    return settle(model, item, document, moment, look.policy, market=known)


def _priced(model: str, document: Document, look: Look, moment: Moment) -> tuple[Item | None, list[Event]]:
    """Accept a model that was reported from the feed, and report its price from the list."""
    item, news = settle(model, Item(LISTED_IN_FEED), document, moment, look.policy)
    price = full_price(document)
    priced = Event(
        id=event_id(Kind.MODEL_PRICED, model, None, price, 0),
        at=look.at,
        kind=Kind.MODEL_PRICED,
        subject=model,
        after=price,
        since=look.at,
        model=document,
    )
    return item, [priced, *news]


def _left_out(item: Item, document: Document) -> Item:
    """Return a model that another query does not show: no longer listed, without an event."""
    announced = replace(item.announced, listed=False) if item.announced else None
    return replace(item, announced=announced, observed=document, pending={})


def _is_listed_anew(item: Item | None) -> bool:
    return item is None or item.announced is None or not item.announced.listed


def _is_quiet(item: Item, document: Document) -> bool:
    """Whether nothing can be news: nothing moved, nothing is on hold, no date to count down to."""
    has_date = item.announced is not None and item.announced.expiration is not None
    waits = item.pending or (item.row and item.row.steps)
    return not waits and item.observed == document and not has_date


def _new_fields(before: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    """Return the fields that the list never had before; none if it makes up new ones without end."""
    return now - before if len(before | now) <= MOST_FIELDS else frozenset()


def _of_fields(before: Collection[str], new: Collection[str], at: datetime) -> list[Event]:
    """Return the event about new fields, if there are any; the first answer is the baseline."""
    names: list[Json] = [*sorted(new)] if before else []
    if not names:
        return []
    cause = (NEW_FIELD if len(names) == 1 else NEW_FIELDS).format(", ".join(map(str, names)))
    return [of_catalog(at, cause, {"fields": names})]

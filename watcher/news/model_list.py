"""The model list from poll to poll: each model observed, settled and kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.domain.catalog import Document, Item, Json, Snapshot
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.domain.polls import Health
from watcher.news.events import of_catalog
from watcher.news.settle import adopt, settle
from watcher.news.steadiness import Moment, moved
from watcher.openrouter.ids import BATCH, base, is_alias, slug, variant

DATE = "expiration_date"  # the row's field
TOLD_BY_FEED: Document = {"listed": True, "expiration": None}  # the feed tells that a model is new, no more


@dataclass(frozen=True, slots=True)
class Look:
    """One believed list and what is to be made of it.

    `source` is as the poll before left it; `told_slugs` are the models that are news already, by the feed:
    their slugs and ids.
    """

    snapshot: Snapshot
    source: Health
    at: datetime
    policy: Policy = field(default_factory=Policy)
    told_slugs: frozenset[str] = frozenset()

    @property
    def is_first(self) -> bool:
        """Tell whether this is the baseline, which is no news."""
        return self.source.last_good is None

    @property
    def is_same_query(self) -> bool:
        """Tell whether the list was asked for as before; other models by another query are no news."""
        return self.source.identity == self.snapshot.identity


def observe(items: Mapping[str, Item], look: Look) -> tuple[dict[str, Item], list[Event]]:
    """Take in one list: all models as they stand now, and the differences that are news."""
    after: dict[str, Item] = {}
    told: list[Event] = []
    moment = Moment(look.at, look.source.last_good or look.at, _movers(items, look.snapshot.documents))
    for model in sorted(items.keys() | look.snapshot.documents.keys()):
        item, news = _observe(model, items.get(model), look, moment)
        if item is not None:
            after[model] = item
        told += news
    return after, told


def _movers(items: Mapping[str, Item], documents: Mapping[str, Document]) -> int:
    """Count the models whose price moved since the poll before."""
    return sum(
        moved(item.observed["price"], documents[model]["price"])
        for model, item in items.items()
        if item.observed and model in documents and not is_alias(model) and variant(model) != BATCH
    )


def _observe(model: str, item: Item | None, look: Look, moment: Moment) -> tuple[Item | None, list[Event]]:
    document = look.snapshot.documents.get(model)
    if document is None:
        if item is None or model in look.snapshot.refused:
            return item, []  # a row that cannot be read says nothing: neither changed nor gone
        if item.announced is None:
            return None, []  # came and went before anybody was told
        document = {**(item.observed or item.announced), "listed": False}
        if not look.is_same_query:
            return Item({**item.announced, "listed": False}, document), []
    elif look.is_first or (_is_listed_anew(item) and not look.is_same_query):
        return adopt(document, look.at, look.policy), []
    elif _is_listed_anew(item) and not look.told_slugs.isdisjoint({slug(document), base(model)}):
        item = Item(TOLD_BY_FEED)
    if item is not None and item.observed and DATE not in look.snapshot.fields:
        # A list without any dates does not take them back.
        document = {**document, "expiration": item.observed.get("expiration")}
    if item is not None and _is_quiet(item, document):
        return item, []
    return settle(model, item or Item(), document, moment, look.policy)


def _is_listed_anew(item: Item | None) -> bool:
    return item is None or item.announced is None or not item.announced["listed"]


def _is_quiet(item: Item, document: Document) -> bool:
    """Tell whether nothing can have become news: nothing moved, nothing waits, no date to count down to."""
    return not item.pending and item.observed == document and not (item.announced or {}).get("expiration")


def new_fields(fields: Iterable[str], at: datetime) -> list[Event]:
    """Return the event about fields that the list never had before, if there are any."""
    names: list[Json] = [*sorted(fields)]
    if not names:
        return []
    what = f"The list has {'a new field' if len(names) == 1 else 'new fields'}: {', '.join(map(str, names))}"
    return [of_catalog(at, what, {"fields": names})]

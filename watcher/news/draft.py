"""What a poll has changed so far, as each source's observer leaves it for the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.domain.catalog import FeedEntry, Item
from watcher.domain.news import Event
from watcher.domain.polls import Health
from watcher.domain.providers import Market


@dataclass(frozen=True, slots=True)
class Draft:
    """The state as one poll changes it, the events so far, and the list's rows as JSON text by id."""

    items: Mapping[str, Item]
    sources: Mapping[str, Health]
    feed: Mapping[str, FeedEntry]
    markets: Mapping[str, Market] = field(default_factory=dict)
    news: tuple[Event, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)

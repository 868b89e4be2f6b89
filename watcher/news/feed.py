"""The feed as a second witness of new base models: it tells what the list cannot, and never twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import FeedEntry, Item, Snapshot
from watcher.domain.news import Event
from watcher.news.events import identify
from watcher.openrouter import ids


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the feed showed at `at` (UTC), whether the list answered too, how long to wait for the list."""

    snapshot: Snapshot
    at: datetime
    is_first: bool
    list_answered: bool
    hold: timedelta


def told_slugs(feed: Mapping[str, FeedEntry]) -> frozenset[str]:
    """Give the slugs, and ids, of models that are news already, but that the list has not shown yet."""
    return frozenset(key for slug, entry in feed.items() if entry.told for key in (slug, entry.model))


def confirm(feed: Mapping[str, FeedEntry], items: Mapping[str, Item]) -> dict[str, FeedEntry]:
    """Mark the entries that the list shows by now: the list speaks for them from here on."""
    shown = {model: i.observed for model, i in items.items() if i.observed and i.observed["listed"]}
    listed = shown.keys() | {ids.slug(document) for document in shown.values()}
    confirmed = [
        slug
        for slug, entry in feed.items()
        if (entry.told or not entry.known) and not listed.isdisjoint({slug, entry.model})
    ]
    return {**feed, **{slug: replace(feed[slug], known=True, told=False) for slug in confirmed}}


def witness(
    feed: Mapping[str, FeedEntry], items: Mapping[str, Item], sighting: Sighting
) -> tuple[dict[str, FeedEntry], list[Event]]:
    """Take in what the feed shows: a model that the list does not have is news.

    It is told at once where the list could not be read, otherwise when the list has not shown it for the
    hold: the two are cached apart. The first sight of the feed is the baseline.
    """
    after = dict(feed)
    by_model = {entry.model: entry for entry in feed.values()}
    for slug, shown in sorted(sighting.snapshot.documents.items()):
        model = str(shown["id"])
        if slug not in after:  # a model under another slug is no other model
            new = FeedEntry(model, str(shown["name"]), sighting.at, known=sighting.is_first)
            after[slug] = by_model.get(model, new)
    after = confirm(after, items)
    events: dict[str, Event] = {}
    for slug, entry in after.items():
        if not entry.known and (not sighting.list_answered or sighting.at - entry.since >= sighting.hold):
            after[slug] = replace(entry, known=True, told=True)
            events.setdefault(entry.model, _added(slug, entry, sighting.at))
    return after, list(events.values())


def _added(slug: str, entry: FeedEntry, at: datetime) -> Event:
    after = {"name": entry.name, "canonical_slug": slug}
    return Event(
        id=identify("model.added", entry.model, None, after, 0),
        at=at,
        kind="model.added",
        subject=entry.model,
        after=after,
        cause="seen in the feed",
    )

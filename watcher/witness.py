"""The feed as a second witness of new base models: it tells what the list cannot, and never twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher import identity
from watcher.domain import Event, FeedEntry, Item, Snapshot
from watcher.events import identify


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the feed showed at `at` (UTC), whether the list answered too, how long to wait for the list."""

    snapshot: Snapshot
    at: datetime
    is_first: bool
    list_answered: bool
    hold: timedelta


def told_slugs(feed: Mapping[str, FeedEntry]) -> frozenset[str]:
    """Give the canonical slugs of models that are news already, but that the list has not shown yet."""
    return frozenset(slug for slug, entry in feed.items() if entry.told)


def confirm(feed: Mapping[str, FeedEntry], items: Mapping[str, Item]) -> dict[str, FeedEntry]:
    """Mark the entries that the list shows by now: the list speaks for them from here on."""
    listed = {identity.slug(i.observed) for i in items.values() if i.observed and i.observed["listed"]}
    confirmed = [slug for slug, entry in feed.items() if slug in listed and (entry.told or not entry.known)]
    return {**feed, **{slug: replace(feed[slug], known=True, told=False) for slug in confirmed}}


def witness(
    feed: Mapping[str, FeedEntry], items: Mapping[str, Item], sighting: Sighting
) -> tuple[dict[str, FeedEntry], list[Event]]:
    """Take in what the feed shows: a model that the list does not have is news.

    It is told at once where the list could not be read, otherwise when the list has not shown it for the
    hold: the two are cached apart. The first sight of the feed is the baseline.
    """
    after = dict(feed)
    for slug, shown in sorted(sighting.snapshot.documents.items()):
        if slug not in after:
            after[slug] = FeedEntry(
                str(shown["id"]), str(shown["name"]), sighting.at, known=sighting.is_first
            )
    after = confirm(after, items)
    events = []
    for slug, entry in after.items():
        if not entry.known and (not sighting.list_answered or sighting.at - entry.since >= sighting.hold):
            after[slug] = replace(entry, known=True, told=True)
            events.append(_added(slug, entry, sighting.at))
    return after, events


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

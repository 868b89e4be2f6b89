"""The feed as a second source of new base models: they are reported if the list cannot, and never twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import FeedEntry, FeedSnapshot, Item, Snapshot
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import FEED, MODELS, Health, Poll, State
from watcher.news.draft import Draft
from watcher.news.events import event_id
from watcher.news.settings import Settings
from watcher.openrouter import ids

SEEN = "seen in the feed, not yet in the list"
REFRESHED = timedelta(days=7)  # how old the record of a last sighting may get
FORGOTTEN = timedelta(days=35)  # after a last sighting; a feed may leave models out for a while
MOST_ABSENT = 2000  # entries kept that the feed does not show; a feed with new guids each time would add up


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the feed showed at `at` (UTC), whether the list answered too, and how long to wait for it."""

    snapshot: FeedSnapshot
    at: datetime
    is_first: bool
    list_answered: bool
    hold: timedelta


def observe(draft: Draft, before: State, poll: Poll, settings: Settings) -> Draft:
    """Add what the feed shows; runs after the list."""
    snapshot = poll.answers.get(FEED)
    if not isinstance(snapshot, FeedSnapshot):
        return draft
    is_first = before.sources.get(FEED, Health()).last_good is None
    list_answered = isinstance(poll.answers.get(MODELS), Snapshot)
    sighting = Sighting(snapshot, poll.at, is_first, list_answered, settings.policy.holds["feed"])
    feed, news = witness(draft.feed, draft.items, sighting)
    return replace(draft, feed=feed, news=(*draft.news, *news))


def unconfirmed(feed: Mapping[str, FeedEntry]) -> frozenset[str]:
    """Return the slugs and ids of models that were reported from the feed and are not in the list yet."""
    return frozenset(key for slug, entry in feed.items() if entry.unconfirmed for key in (slug, entry.model))


def confirm(feed: Mapping[str, FeedEntry], items: Mapping[str, Item]) -> dict[str, FeedEntry]:
    """Mark the entries that the list shows by now; from here on the list reports on them."""
    shown = {model: item.listed for model, item in items.items() if item.listed}
    listed = shown.keys() | {ids.slug(document) for document in shown.values()}
    confirmed = [
        slug
        for slug, entry in feed.items()
        if (entry.unconfirmed or not entry.announced) and not listed.isdisjoint({slug, entry.model})
    ]
    return {**feed, **{slug: replace(feed[slug], announced=True, unconfirmed=False) for slug in confirmed}}


def witness(
    feed: Mapping[str, FeedEntry], items: Mapping[str, Item], sighting: Sighting
) -> tuple[dict[str, FeedEntry], list[Event]]:
    """Add what the feed shows: a model that the list does not have is news.

    It is reported at once if the list could not be read, otherwise when the list has not shown it for the
    hold, because the two are cached separately. The first answer of the feed is the baseline.
    """
    after = dict(feed)
    by_model = {entry.model: entry for entry in feed.values()}
    for slug, shown in sorted(sighting.snapshot.items.items()):
        if slug not in after:  # a model under another slug is still the same model
            new = FeedEntry(shown.id, shown.name, sighting.at, announced=sighting.is_first)
            after[slug] = by_model.get(shown.id, new)
    after = confirm(after, items)
    events: dict[str, Event] = {}
    for slug, entry in after.items():
        if not entry.announced and (not sighting.list_answered or sighting.at - entry.since >= sighting.hold):
            after[slug] = replace(entry, announced=True, unconfirmed=True)
            events.setdefault(entry.model, _added(slug, entry, sighting.at))
    return _kept(after, sighting), list(events.values())


def _kept(feed: Mapping[str, FeedEntry], sighting: Sighting) -> dict[str, FeedEntry]:
    """Note when the feed last showed each entry, and forget those that it has not shown for long."""
    shown = {
        slug: replace(entry, since=sighting.at)
        if entry.announced and sighting.at - entry.since >= REFRESHED
        else entry
        for slug, entry in feed.items()
        if slug in sighting.snapshot.items
    }
    absent = {
        slug: entry
        for slug, entry in feed.items()
        if slug not in shown and sighting.at - entry.since < FORGOTTEN
    }
    newest = sorted(absent, key=lambda slug: absent[slug].since, reverse=True)[:MOST_ABSENT]
    return {**{slug: absent[slug] for slug in newest}, **shown}


def _added(slug: str, entry: FeedEntry, at: datetime) -> Event:
    after = {"name": entry.name, "canonical_slug": slug}
    return Event(
        id=event_id(Kind.MODEL_ADDED, entry.model, None, after, 0),
        at=at,
        kind=Kind.MODEL_ADDED,
        subject=entry.model,
        after=after,
        cause=SEEN,
    )

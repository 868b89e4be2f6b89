"""Many events of a kind become one catalog-wide event."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from watcher.domain.catalog import Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.lines import in_common
from watcher.news.events import of_catalog

WAVE = 15  # if more prices move in one poll, policy or schema changed, not each model
WAVE_SHARE = 0.05


def fold(news: Sequence[Event], models: int, at: datetime) -> list[Event]:
    """Add one catalog-wide event for many of a kind; the single events stay in the record.

    Many are those reported in one poll, or prices that moved in one poll and settle at different times.
    """
    counts = Counter(event.kind for event in news)
    wave = max(WAVE, models * WAVE_SHARE)
    many = [
        e
        for e in news
        if e.kind is not Kind.CATALOG_CHANGED and (counts[e.kind] > e.kind.row.most or e.crowd > wave)
    ]
    folded_into = {kind: _of_many(kind, many, at) for kind in dict.fromkeys(event.kind for event in many)}
    ids = {event.id for event in many}
    single = [replace(e, part_of=folded_into[e.kind].id) if e.id in ids else e for e in news]
    return [*folded_into.values(), *single]


def _of_many(kind: Kind, news: Sequence[Event], at: datetime) -> Event:
    alike = [event for event in news if event.kind == kind]
    subjects: list[Json] = [event.subject for event in alike]
    ids: list[Json] = [event.id for event in alike]
    fields: list[Json] = [*sorted({change.path for event in alike for change in event.fields})]
    common = in_common(alike)
    what = f"{len(alike)} models at once: {kind.row.meaning}{common and f', {common}'}"
    return of_catalog(at, what, {"kind": kind, "fields": fields, "models": subjects, "events": ids})

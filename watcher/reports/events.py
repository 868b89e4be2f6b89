"""Events chosen with the same patterns that rules use."""

from datetime import datetime

from watcher.domain.news import Event
from watcher.rules.values import Globs
from watcher.store.store import Store


def chosen(
    store: Store, kinds: Globs, subjects: Globs, limit: int | None, since: datetime | None = None
) -> list[Event]:
    """Return the newest events since a time (UTC) whose kind and subject match, oldest first.

    At most `limit`, all of them if that is None.
    """
    found = store.events(
        [subject for subject in store.event_subjects() if subjects.matches(subject)],
        [kind for kind in store.event_kinds() if kinds.matches(kind)],
        limit,
        since,
    )
    return found[::-1]

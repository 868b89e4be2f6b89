"""Events chosen with the same patterns that rules use."""

from watcher.domain.news import Event
from watcher.rules.values import Globs
from watcher.store.store import Store


def chosen(store: Store, kinds: Globs, subjects: Globs, limit: int) -> list[Event]:
    """Return the newest events whose kind and subject match, oldest first, at most `limit`."""
    found = store.events(
        [subject for subject in store.event_subjects() if subjects.matches(subject)],
        [kind for kind in store.event_kinds() if kinds.matches(kind)],
        limit,
    )
    return found[::-1]

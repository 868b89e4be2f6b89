"""What a reader wants to know besides the news itself, from the facts of an event."""

from collections.abc import Mapping

from watcher.domain.catalog import Json
from watcher.domain.letter import Successor
from watcher.domain.news import Event
from watcher.text.clean import LONGEST, clean


def notes_of(event: Event) -> tuple[str, ...]:
    """Return the short notes that stand below an event's line: a record of its price first."""
    notes = [event.facts.get("record"), *_list(event.facts.get("notes"))]
    return tuple(clean(note) for note in notes if isinstance(note, str) and note)


def successors_of(event: Event) -> tuple[Successor, ...]:
    """Return the models to use instead."""
    found = [one for one in _list(event.facts.get("successors")) if isinstance(one, Mapping)]
    return tuple(
        Successor(
            str(one["model"]),
            clean(str(one.get("name") or ""), LONGEST // 2),
            clean(str(one.get("price") or ""), LONGEST // 2),
            tuple(clean(str(lost), LONGEST // 2) for lost in _list(one.get("lost"))),
        )
        for one in found
    )


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []

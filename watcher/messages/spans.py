"""The pieces of a line: its subject, and the changes that are for better or worse."""

import re
from collections.abc import Iterator

from watcher.domain.kinds import Kind
from watcher.domain.letter import Role, Span
from watcher.domain.news import Event

CHANGE = re.compile(r"[+-][\d,.]+ %")
WHERE_MORE_IS_WORSE = frozenset({Kind.PRICE_CHANGED, Kind.PRICE_DETAIL, Kind.PROVIDER_PRICE_CHANGED})


def spans(line: str, event: Event) -> tuple[Span, ...]:
    """Cut an event's line into its subject, its changes and the rest."""
    before, subject, after = line.partition(event.subject or line or " ")
    parts = [*_changes(before, event), Span(subject, Role.SUBJECT), *_changes(after, event)]
    return tuple(span for span in parts if span.text)


def _changes(text: str, event: Event) -> Iterator[Span]:
    """Mark changes in percent as better or worse where that is known."""
    if event.kind not in WHERE_MORE_IS_WORSE:
        yield Span(text)
        return
    end = 0
    for found in CHANGE.finditer(text):
        yield Span(text[end : found.start()])
        yield Span(found[0], Role.WORSE if found[0].startswith("+") else Role.BETTER)
        end = found.end()
    yield Span(text[end:])

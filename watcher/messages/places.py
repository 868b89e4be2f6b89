"""Where each event stands in a message: by urgency, heading, and whether its kind is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import Event
from watcher.messages import crowds
from watcher.rules.severity import severity_of

RANKS: Mapping[str, int] = {kind.row.heading: -rank for rank, kind in enumerate(reversed(Kind))}
"""The headings in the order of the kinds, which is that of their importance."""


class Place(NamedTuple):
    """Where an event stands in a message, in this order; `kind` only for what is counted."""

    severity: int
    rank: int
    heading: str
    is_single: bool
    kind: str

    @property
    def is_counted(self) -> bool:
        """Whether there are so many of this kind that they are counted."""
        return not self.is_single


@dataclass(frozen=True, slots=True)
class Sections:
    """Where the events of one message stand: how urgent each heading is, and what is counted is."""

    urgency: Mapping[str, int]
    crowded: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, events: Sequence[Event]) -> Self:
        """Find the headings, and the kinds of which there are so many that they are counted.

        What is critical comes first; the rest of a heading stands together, by its most urgent event, and so
        does what is counted.
        """
        urgency: dict[str, int] = {}
        kinds: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            heading, severity = crowds.heading(event), severity_of(event)
            if severity is not Severity.CRITICAL:
                urgency[heading] = min(urgency.get(heading, severity), severity)
            kinds.setdefault((heading, event.kind), []).append(event)
        crowded = {
            kind: min(map(severity_of, alike)) for kind, alike in kinds.items() if crowds.is_crowd(alike)
        }
        return cls(urgency, crowded)

    def place(self, event: Event) -> Place:
        """Tell where an event stands; what is counted stands with its kind."""
        heading, severity = crowds.heading(event), severity_of(event)
        counted = self.crowded.get((heading, event.kind))
        if counted is not None:
            return Place(counted, RANKS.get(heading, 0), heading, is_single=False, kind=event.kind)
        urgency = severity if severity is Severity.CRITICAL else self.urgency[heading]
        return Place(urgency, RANKS.get(heading, 0), heading, is_single=True, kind="")

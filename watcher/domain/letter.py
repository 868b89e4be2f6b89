"""A message in parts, from which each service's form is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from watcher.domain.catalog import Json


class Role(StrEnum):
    """What a piece of a line is: its subject, or a change for better or worse, which services color."""

    PLAIN = "plain"
    SUBJECT = "subject"
    BETTER = "better"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line."""

    text: str
    role: Role = Role.PLAIN


@dataclass(frozen=True, slots=True)
class Successor:
    """A model to use instead: how its price compares (`20 % cheaper`), and what it lacks."""

    model: str
    name: str
    price: str
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened by one decision: a line of spans, and the notes below it.

    `subject` is a model's id if it has a page at `link`, `name` its display name if that is known; `names`
    are further ids, each with a page; `trend` is a sparkline of the price; `events` are ids of events.
    """

    kind: str
    severity: str
    subject: str
    spans: tuple[Span, ...]
    name: str = ""
    link: str | None = None
    names: tuple[str, ...] = ()
    after: str = ""
    notes: tuple[str, ...] = ()
    trend: str = ""
    successors: tuple[Successor, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line as plain text."""
        return "".join(span.text for span in self.spans)

    @property
    def besides(self) -> tuple[str, ...]:
        """What is known besides, in short pieces."""
        return tuple(filter(None, (self.name, *self.notes, self.trend)))


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading; `count` sums them up where they are many."""

    heading: str
    entries: tuple[Entry, ...]
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a message, most urgent first.

    `preview` is what a list of mails shows beside the subject, `severity` that of its most urgent entry,
    `more` says what is left out, `data` are the events for machines. `chart` is what one model's price was:
    `from`, `to` and by name of a price `series` of times and prices; empty in any other message.
    """

    severity: str
    preview: str
    sections: tuple[Section, ...]
    footer: str
    more: tuple[str, ...] = ()
    data: tuple[Mapping[str, Json], ...] = ()
    chart: Mapping[str, Json] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, in order."""
        return tuple(entry for section in self.sections for entry in section.entries)


def read_letter(parts: Mapping[str, Any]) -> Letter:
    """Read a letter from what `dataclasses.asdict` makes of it."""
    return Letter(
        severity=parts["severity"],
        preview=parts["preview"],
        sections=tuple(
            Section(section["heading"], tuple(map(_entry, section["entries"])), section["count"])
            for section in parts["sections"]
        ),
        footer=parts["footer"],
        more=tuple(parts["more"]),
        data=tuple(parts["data"]),
        chart=parts.get("chart") or {},
    )


def _entry(parts: Mapping[str, Any]) -> Entry:
    lists = {key: tuple(parts[key]) for key in ("names", "notes", "events")}
    spans = tuple(Span(span["text"], Role(span["role"])) for span in parts["spans"])
    successors = tuple(
        Successor(one["model"], one["name"], one["price"], tuple(one["lost"])) for one in parts["successors"]
    )
    return Entry(**{**parts, **lists, "spans": spans, "successors": successors})

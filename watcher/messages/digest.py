"""What happened in a while as one message: a countdown of what leaves, prices, what is new, and the rest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import TypeAlias

from watcher.domain.kinds import About, Kind
from watcher.domain.letter import Entry, Letter, Role, Section, Span
from watcher.domain.news import Event, Notification
from watcher.messages import crowds
from watcher.messages.as_data import as_data
from watcher.messages.message import MOST_LINES, decision_of, entry_of, footer, more, posted
from watcher.messages.remains import Remains, net
from watcher.messages.subject import WAYS
from watcher.openrouter import dates
from watcher.openrouter.prices import direction
from watcher.rules.severity import severity_of
from watcher.text.counts import counted
from watcher.text.times import show_date, show_day, show_days_left

OWN, GONE, LEAVING = "Watcher itself", "Gone", "Leaving soon"
PRICES, NEW, CHANGED = "Prices", "New", "Changed"
HEADINGS = (OWN, GONE, LEAVING, PRICES, NEW, CHANGED)
PLACES: Mapping[Kind, str] = {
    Kind.MODEL_REMOVED: GONE,
    Kind.EXPIRATION_ANNOUNCED: LEAVING,
    Kind.EXPIRATION_MOVED: LEAVING,
    Kind.EXPIRATION_RESTORED: LEAVING,
    Kind.EXPIRATION_REMINDER: LEAVING,
    Kind.EXPIRATION_OVERDUE: LEAVING,
    Kind.PRICE_CHANGED: PRICES,
    Kind.PRICE_DETAIL: PRICES,
    Kind.PRICE_ROUTED: PRICES,
    Kind.PROVIDER_PRICE_CHANGED: PRICES,
    Kind.MODEL_ADDED: NEW,
    Kind.MODEL_PRICED: NEW,
    Kind.MODEL_RETURNED: NEW,
}

Decision: TypeAlias = Sequence[Event]


def digest(
    channel: str, at: datetime, events: Sequence[Event], rules: Sequence[str], schedule: str, zone: tzinfo
) -> Notification | None:
    """Write the digest of a schedule; None if nothing of what happened still holds.

    What was undone meanwhile is counted. Times are those of `zone`, as is the day in the title.
    """
    remains = net(events)
    if not remains.events:
        return None
    places = _places(remains.events, at)
    today = at.astimezone(zone).date()
    title = f"{schedule.partition(' ')[0].title()} digest, {show_date(today, today)}: "
    title += ", ".join(_counts(places, at))
    sections, left_out = _sections(places, remains, at)
    oldest = min(event.at for event in events)
    undone = counted(remains.undone, "change")
    undone += " was undone meanwhile" if remains.undone == 1 else " were undone meanwhile"
    letter = Letter(
        severity=min(map(severity_of, remains.events)).word,
        preview=sections[0].entries[0].text,
        sections=tuple(sections),
        footer=footer(rules, events, at, zone, since=oldest),
        more=(*more(left_out, oldest), *([undone] if remains.undone else [])),
        data=tuple(map(as_data, sorted(events, key=lambda event: event.at))),
    )
    return posted(channel, at, title, letter, rules, events)


def _places(events: Sequence[Event], at: datetime) -> dict[str, list[Decision]]:
    """Sort events under their headings, those of one decision together."""
    found: dict[str, list[Decision]] = {}
    for heading in HEADINGS:
        alike = sorted((event for event in events if _heading(event) == heading), key=_order)
        if heading == LEAVING:  # how many days are left is counted from now
            alike = [replace(event, at=at, severity=severity_of(event)) for event in alike]
        decisions: list[Decision] = [list(group) for _, group in groupby(alike, key=decision_of)]
        if decisions:
            found[heading] = decisions
    return found


def _heading(event: Event) -> str:
    return OWN if event.kind.row.about is About.PART else PLACES.get(event.kind, CHANGED)


def _order(event: Event) -> tuple[object, ...]:
    """Put what leaves first, is most urgent or moved furthest before others."""
    day = dates.day_of(event.after) if _heading(event) == LEAVING else None
    size = -abs(crowds.move(event) or Decimal(0))
    return day.toordinal() if day else 0, severity_of(event), size, decision_of(event), event.subject


def _sections(
    places: Mapping[str, Sequence[Decision]], remains: Remains, at: datetime
) -> tuple[list[Section], int]:
    """Write a line for each decision, as many as are read; return also how many are left out."""
    sections: list[Section] = []
    room = MOST_LINES
    for heading, decisions in places.items():
        entries = tuple(_line(decision, remains, at) for decision in decisions[:room])
        room -= len(entries)
        sections += [Section(heading, entries)] if entries else []
    return sections, sum(map(len, places.values())) - (MOST_LINES - room)


def _line(decision: Decision, remains: Remains, at: datetime) -> Entry:
    """Write one line: notes are for messages about one thing."""
    entry = entry_of([decision], None)
    event = decision[0]
    return replace(
        entry,
        spans=_countdown(event, at) if _heading(event) == LEAVING else entry.spans,
        name="",
        notes=(),
        trend="",
        successors=(),
        events=tuple(number for one in decision for number in remains.ids[one.id]),
    )


def _countdown(event: Event, at: datetime) -> tuple[Span, ...]:
    """Write how long a model stays, then which: `in 3 days: acme/owl-2 leaves on Mon 30 Nov 2026`."""
    day, before = dates.day_of(event.after), dates.day_of(event.before)
    if day is None:
        return (Span(event.subject, Role.SUBJECT), Span(" leaves"))
    left = dates.days_left(day, at)
    was = f" (was {show_day(before)})" if before and event.kind is Kind.EXPIRATION_MOVED else ""
    said = f" {'leaves' if left >= 0 else 'was to leave'} on {show_day(day)}{was}"
    return Span(f"{show_days_left(left)}: "), Span(event.subject, Role.SUBJECT), Span(said)


def _counts(places: Mapping[str, Sequence[Decision]], at: datetime) -> Iterator[str]:
    """Count what happened by what it means, the most urgent first."""
    for heading, decisions in places.items():
        yield from COUNTS[heading]([decision[0] for decision in decisions], at)


def _own(events: Sequence[Event], _: datetime) -> Iterator[str]:
    yield f"{counted(len(events), 'notice')} about watcher itself"


def _as(word: str) -> Callable[[Sequence[Event], datetime], Iterator[str]]:
    return lambda events, _: iter([f"{crowds.count(events):,} {word}"])


def _leaving(events: Sequence[Event], at: datetime) -> Iterator[str]:
    """Say when the first one leaves."""
    number = crowds.count(events)
    days = [day for event in events if (day := dates.day_of(event.after))]
    left = dates.days_left(min(days), at) if days else 0
    when = show_days_left(left)
    one, many = ("leaves", "leave") if left >= 0 else ("was to leave", "were to leave")
    yield f"1 {one} {when}" if number == 1 else f"{number:,} {many}, the first {when}"


def _prices(events: Sequence[Event], _: datetime) -> Iterator[str]:
    ways = Counter(
        WAYS[direction(event.before, event.after)] for event in events if event.kind is Kind.PRICE_CHANGED
    )
    for way in WAYS.values():
        if ways[way]:
            yield f"{counted(ways[way], 'price')} {way}"
    if others := len(events) - ways.total():
        yield counted(others, "other price")


def _changed(events: Sequence[Event], _: datetime) -> Iterator[str]:
    yield counted(len(events), "other change")


COUNTS: Mapping[str, Callable[[Sequence[Event], datetime], Iterator[str]]] = {
    OWN: _own,
    GONE: _as("gone"),
    LEAVING: _leaving,
    PRICES: _prices,
    NEW: _as("new"),
    CHANGED: _changed,
}
"""What a title says of what stands under each heading."""

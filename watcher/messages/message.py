"""Events as a message: a title, its parts, and a text for every service."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import TypeAlias

from watcher.domain.catalog import FieldChange, Json
from watcher.domain.kinds import About, Kind
from watcher.domain.letter import Entry, Letter, Section
from watcher.domain.news import Event, Notification
from watcher.forms.as_text import MOST_NAMES, as_text, listed
from watcher.forms.fit import command_for
from watcher.messages import crowds
from watcher.messages.as_data import CHART, as_data
from watcher.messages.background import notes_of, successors_of
from watcher.messages.lines import describe, describe_together, missing, name_of
from watcher.messages.outdated import outdated
from watcher.messages.places import Place, Sections
from watcher.messages.spans import spans
from watcher.messages.subject import subject
from watcher.openrouter import dates
from watcher.openrouter.ids import base, page
from watcher.openrouter.prices import is_free, largest_move, percent, ratio
from watcher.openrouter.prices import price as price_of
from watcher.rules.severity import severity_of
from watcher.text.clean import clean
from watcher.text.times import show_time

MOST_LINES = 100  # a longer message is not read; the record has them all
MOST_CHARACTERS = 40_000  # where names are long
FEW = 3  # so many models with the same date are one line
OF_ROWS = frozenset({Kind.MODEL_UNREADABLE, Kind.MODEL_READABLE})
NO_DAY = 10**7

Decision: TypeAlias = Sequence[Event]
"""What is told as one: an event, and what happens to variants of its model by the same decision."""

Part: TypeAlias = tuple[Place, Sequence[Decision]]


def notification(
    channel: str,
    at: datetime,
    events: Sequence[Event],
    rules: Sequence[str],
    *,
    since: datetime | None = None,
    zone: tzinfo = UTC,
) -> Notification:
    """Write the one message that a channel gets, most urgent first; `since`, where it covers a while.

    Its times are those of `zone`; the days of expirations are UTC days.
    """
    sections = Sections.of(events)
    ordered = _in_order(events, sections)
    decisions = [list(alike) for _, alike in groupby(ordered, key=decision_of)]
    parts = [
        (place, list(found))
        for place, found in groupby(decisions, key=lambda alike: sections.place(alike[0]))
    ]
    chapters, left_out = _sections(parts, zone if len({event.at for event in events}) > 1 else None)
    oldest = min(event.at for event in events)
    letter = Letter(
        severity=min(map(severity_of, events)).word,
        preview=_preview(chapters),
        sections=tuple(chapters),
        footer=footer(rules, events, at, zone, since=since),
        more=more(left_out, oldest),
        data=tuple(map(as_data, ordered)),
        chart=_chart(decisions),
    )
    groups = [(place.is_counted, [decision[0] for decision in found]) for place, found in parts]
    return posted(channel, at, subject(groups, outdated(events)), letter, rules, ordered)


def posted(
    channel: str, at: datetime, title: str, letter: Letter, rules: Sequence[str], events: Sequence[Event]
) -> Notification:
    """Return a letter with a title as a message."""
    return Notification(
        channel=channel,
        at=at,
        title=title,
        body=as_text(letter),
        rules=tuple(rules),
        events=tuple(event.id for event in events),
        since=min(event.at for event in events),
        letter=letter,
    )


def footer(
    rules: Sequence[str],
    events: Sequence[Event],
    at: datetime,
    zone: tzinfo,
    *,
    since: datetime | None = None,
) -> str:
    """Say which rules told it, when, and what the message covers."""
    names = f"{'Rule' if len(rules) == 1 else 'Rules'}: {', '.join(map(clean, rules))}"
    covers = f" · covers everything since {show_time(since, zone)}" if since else ""
    days = utc_days(at, zone) if any(event.kind in crowds.DATES for event in events) else ""
    return f"{names} · {show_time(at, zone)}{covers}{days}"


def utc_days(at: datetime, zone: tzinfo) -> str:
    """Say that days of expirations are UTC days, in a zone whose days are others."""
    return " · dates are UTC days" if at.astimezone(zone).utcoffset() else ""


def _in_order(events: Sequence[Event], sections: Sections) -> list[Event]:
    """Order the most urgent first, then what is counted, the largest or soonest, what came first."""
    moves: dict[tuple[str, ...], Decimal] = {}
    firsts: dict[tuple[str, ...], datetime] = {}
    for event in events:
        model = crowds.about(event)
        moves[model] = max(moves.get(model, Decimal(0)), abs(crowds.move(event) or Decimal(0)))
        firsts[model] = min(firsts.get(model, event.at), event.at)

    def order(event: Event) -> tuple[object, ...]:
        model, place = crowds.about(event), sections.place(event)
        weight = -moves[model], _day(event) if place.is_counted else 0
        return place, weight, firsts[model], model[1:], event.at, decision_of(event), event.subject

    return sorted(events, key=order)


def _day(event: Event) -> int:
    """Return the day of an expiration as a number: what leaves first is told first."""
    day = dates.day_of(event.after) if event.kind in crowds.DATES else None
    return day.toordinal() if day else NO_DAY


def decision_of(event: Event) -> tuple[str, ...]:
    """Return which events are one decision: the same happens at one time to a model and its variants."""
    aspect = event.kind.partition(".")[0]
    same = ""
    if aspect in {"price", "provider"}:
        same = str([_change(change) for change in event.fields] or _largest(event))
    if aspect in {"expiration", "context", "capability"} or event.kind is Kind.MODEL_CHANGED:
        same = str((event.after, event.fields))
    if aspect == "model" and not event.fields:
        sides = [side.get("price") for side in (event.before, event.after) if isinstance(side, Mapping)]
        same = str([is_free(price) for price in sides])
    if aspect == "catalog":
        same = str(event.cause)
    return base(event.subject), event.kind, event.provider or "", same, event.at.isoformat()


def _change(change: FieldChange) -> tuple[str, str]:
    """Write how a value changed: a price by how much, so that a twin at half the price is alike."""
    before, after = (price_of({"": side}, "") for side in (change.before, change.after))
    move = ratio(before, after)
    if move is not None:
        return change.path, percent(move)
    return change.path, "" if before is None else str(change.after)


def _largest(event: Event) -> str:
    move = largest_move(event.before, event.after)
    return percent(move) if move else ""


def _sections(parts: Sequence[Part], zone: tzinfo | None) -> tuple[list[Section], int]:
    """Write the entries under their headings, as many as there is room for; returns how many are left out.

    Each says when, in `zone`, unless that is None.
    """
    sections: list[Section] = []
    left_out = number = size = 0
    for place, decisions in parts:
        entries: list[Entry] = []
        rows = list(_rows(decisions, is_counted=place.is_counted))
        for row in rows:
            if number >= MOST_LINES or size >= MOST_CHARACTERS:
                left_out += len(row)
                continue
            entries.append(entry_of(row, zone))
            number, size = number + 1, size + _size(entries[-1])
        is_counted = place.is_counted and (len(rows) > 1 or not entries)
        count = crowds.line([decision[0] for decision in decisions]) if is_counted else None
        if entries or count:
            sections.append(Section(place.heading, tuple(entries), count))
    return sections, left_out


def _size(entry: Entry) -> int:
    """About how many characters it is."""
    names = sum(len(name) + 2 for name in entry.names[:MOST_NAMES])
    return len(entry.text) + names + len(entry.after) + len(entry.link or "")


def _rows(decisions: Sequence[Decision], *, is_counted: bool) -> Iterator[list[Decision]]:
    """Put what gets the same date in one row; everything else has a row of its own."""
    alike: dict[tuple[str, ...], list[Decision]] = {}
    for number, decision in enumerate(decisions):
        event = decision[0]
        said = event.kind, event.at.isoformat(), str(event.before), str(event.after), event.cause or ""
        alike.setdefault(said if event.kind in crowds.DATES else (str(number),), []).append(decision)
    least = 2 if is_counted else FEW
    for row in alike.values():
        if crowds.count(decision[0] for decision in row) >= least:
            yield row
        else:
            yield from ([decision] for decision in row)


def entry_of(row: Sequence[Decision], zone: tzinfo | None) -> Entry:
    """Write a row in one line: the model in full, its variants by name, when if that differs."""
    event = row[0][0]
    also = [name for first, *others in row for name in (*(other.subject for other in others), *first.aliases)]
    when = f" · {show_time(event.at, zone)}" if zone else ""
    tail = (f"; also applies to {listed(map(clean, also))}" if also else "") + when
    text, names = describe(event), missing(event)
    if len(row) > 1:
        text = describe_together(event, crowds.count(decision[0] for decision in row))
        names = tuple(decision[0].subject for decision in row)
    is_nameless = event.kind in OF_ROWS and "/" not in event.subject  # a row without an id has no page
    has_page = event.kind.row.about is About.MODEL and not is_nameless and not names
    return Entry(
        kind=event.kind,
        severity=severity_of(event).word,
        subject=event.subject if has_page else "",
        spans=spans(f"{text}: " if names else text, event),
        name=name_of(event) if has_page else "",
        link=page(event.subject) if has_page else None,
        names=names,
        after=tail,
        notes=notes_of(event),
        trend=clean(str(event.facts.get("trend") or "")),
        successors=successors_of(event),
        events=tuple(one.id for decision in row for one in decision),
    )


def _chart(decisions: Sequence[Decision]) -> Mapping[str, Json]:
    """Return what the price was of the only model in a message, if it has one change of its price."""
    models = {crowds.about(event)[1] for decision in decisions for event in decision}
    changes = [first for first, *_ in decisions if first.kind is Kind.PRICE_CHANGED]
    chart = changes[0].facts.get(CHART) if len(models) == len(changes) == 1 else None
    return chart if isinstance(chart, Mapping) else {}


def _preview(sections: Sequence[Section]) -> str:
    """Say in a line what the message begins with."""
    first = sections[0]
    return first.count or first.entries[0].text


def more(left_out: int, oldest: datetime) -> tuple[str, ...]:
    """Say how much is left out, and where to read it."""
    return (f"… and {left_out} more; see `{command_for(oldest)}`",) if left_out else ()

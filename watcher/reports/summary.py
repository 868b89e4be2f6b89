"""The state on demand: what leaves, what changed, what waits, and how watcher is doing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from watcher.domain.catalog import FieldChange, Item
from watcher.domain.kinds import Kind, Severity
from watcher.domain.letter import Entry, Letter, Role, Section, Span
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.messages.as_data import as_data
from watcher.messages.lines import describe, name_of
from watcher.messages.message import utc_days
from watcher.messages.spans import spans
from watcher.news.mutes import date_of
from watcher.news.outlook import Waiting
from watcher.openrouter import dates, ids, prices
from watcher.rules.severity import SOON
from watcher.text.clean import LONGEST, clean
from watcher.text.counts import counted
from watcher.text.times import show_day, show_days_left, show_time

MOST = 100  # entries of a section
OFTEN = 2  # changes: from here on it is said that it is their sum


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to report at a time (UTC): the models, the events since a time, and what waits.

    `events` are oldest first, `queues` counts the messages that wait for each channel, `problems` is what is
    wrong with watcher.
    """

    at: datetime
    since: datetime
    items: Mapping[str, Item]
    events: Sequence[Event] = ()
    waits: Sequence[Waiting] = ()
    mutes: Sequence[Mute] = ()
    queues: Mapping[str, int] | None = None
    problems: Sequence[str] = ()
    zone: tzinfo = UTC


def summary(now: Situation) -> tuple[str, Letter]:
    """Write the state as a title and a letter."""
    leaving, changed = list(_leaving(now)), _price_changes(now.events)
    new, gone = _new(now), _gone(now)
    news = {"Leaving OpenRouter": leaving, "Prices": changed, "New models": new, "Gone": gone}
    waiting, health = {"Waiting": list(_waiting(now))}, {"Watcher itself": list(_health(now))}
    found = {**health, **news, **waiting} if now.problems else {**news, **waiting, **health}
    counts = {
        f"{counted(len(now.problems), 'problem')} of watcher": now.problems,
        f"{len(leaving)} leave{'s' * (len(leaving) == 1)}": leaving,
        f"{counted(len(changed), 'price')} changed": changed,
        f"{len(new)} new": new,
        f"{len(gone)} gone": gone,
    }
    said = ", ".join(words for words, found_ones in counts.items() if found_ones)
    said = said or "nothing leaves, nothing changed"
    letter = Letter(
        severity=min(Severity[entry.severity.upper()] for every in found.values() for entry in every).word,
        preview=said,
        sections=tuple(_section(heading, every) for heading, every in found.items() if every),
        footer=f"Since {show_time(now.since, now.zone)} · {show_time(now.at, now.zone)}"
        f"{utc_days(now.at, now.zone)}",
        data=tuple(map(as_data, now.events)),
    )
    return f"OpenRouter on {show_day(now.at.astimezone(now.zone).date())}: {said}", letter


def _section(heading: str, every: Sequence[Entry]) -> Section:
    """Put entries under a heading, as many as are read."""
    more = f"the first {MOST} of {len(every):,}" if len(every) > MOST else None
    return Section(heading, tuple(every[:MOST]), more)


def _leaving(now: Situation) -> Iterator[Entry]:
    """Count down to the dates of the models that are still listed, the soonest first."""
    known = {mute.pattern for mute in now.mutes if mute.is_acknowledgement}
    dated = {model: day for model, item in now.items.items() if (day := dates.day_of(date_of(item)))}
    for model, day in sorted(dated.items(), key=lambda entry: (entry[1], entry[0])):
        if not _is_echo(model, dated):
            yield _countdown(model, now.items[model], day, now.at, is_known=model in known)


def _is_echo(model: str, dated: Mapping[str, date]) -> bool:
    """Whether a model only repeats another: an alias, or a batch variant with the same date."""
    is_twin = ids.variant(model) == ids.BATCH and dated.get(ids.base(model)) == dated[model]
    return ids.is_alias(model) or is_twin


def _countdown(model: str, item: Item, day: date, at: datetime, *, is_known: bool) -> Entry:
    left = dates.days_left(day, at)
    said = f" leaves {show_days_left(left)} ({show_day(day)})"
    if left < 0:
        said = f" was to leave on {show_day(day)}; still listed"
    severity = Severity.CRITICAL if left <= SOON and not is_known else Severity.WARNING
    details = item.announced.details if item.announced else None
    return Entry(
        kind=Kind.EXPIRATION_REMINDER,
        severity=severity.word,
        subject=model,
        spans=(Span(clean(model), Role.SUBJECT), Span(said)),
        name=clean(str((details or {}).get("name") or ""), LONGEST // 2),
        link=ids.page(model),
        after="; acknowledged" if is_known else "",
    )


def _price_changes(events: Sequence[Event]) -> list[Entry]:
    """Sum up the price changes of each model; what came back to where it was is left out."""
    steps: dict[str, list[Event]] = {}
    for event in events:
        if event.kind is Kind.PRICE_CHANGED and not _is_variant(event.subject):
            steps.setdefault(event.subject, []).append(event)
    net = [(_net(found), len(found)) for found in steps.values()]
    changed = [(event, number) for event, number in net if event.fields]
    changed.sort(key=lambda entry: abs(_move(entry[0])), reverse=True)
    return [_entry(event, f", in {number} steps" if number >= OFTEN else "") for event, number in changed]


def _move(event: Event) -> Decimal:
    """Return how far a price went."""
    return prices.largest_move(event.before, event.after) or Decimal(0)


def _net(steps: Sequence[Event]) -> Event:
    """Return the one change that several amount to."""
    first, last = steps[0], steps[-1]
    before, after = (side if isinstance(side, Mapping) else {} for side in (first.before, last.after))
    fields = tuple(
        FieldChange(key, before[key], after[key])
        for key in sorted(before.keys() & after.keys())
        if before[key] != after[key]
    )
    alone = len(steps) == 1
    return replace(last, before=first.before, fields=fields, cause=last.cause if alone else None)


def _is_variant(model: str) -> bool:
    return ids.variant(model) == ids.BATCH or ids.is_alias(model)


def _new(now: Situation) -> list[Entry]:
    """List what came and is still there, if only in the feed."""
    came = {Kind.MODEL_ADDED, Kind.MODEL_RETURNED}
    latest = {event.subject: event for event in now.events if event.kind in came}
    return [
        _entry(event)
        for model, event in latest.items()
        if not _is_variant(model) and not _has_left(now.items.get(model))
    ]


def _gone(now: Situation) -> list[Entry]:
    """List what left and has not returned."""
    latest = {event.subject: event for event in now.events if event.kind is Kind.MODEL_REMOVED}
    return [
        _entry(event)
        for model, event in latest.items()
        if not _is_variant(model) and (model not in now.items or _has_left(now.items[model]))
    ]


def _has_left(item: Item | None) -> bool:
    """Whether it was announced that a model left."""
    return bool(item and item.announced and not item.announced.listed)


def _entry(event: Event, after: str = "") -> Entry:
    return Entry(
        kind=event.kind,
        severity=event.kind.row.severity.word,
        subject=event.subject,
        spans=spans(describe(event), event),
        name=name_of(event),
        link=ids.page(event.subject),
        after=after,
        events=(event.id,),
    )


def _waiting(now: Situation) -> Iterator[Entry]:
    """List what is on hold, what waits for channels, and what is held back."""
    for wait in sorted(now.waits, key=lambda wait: wait.due_at):
        yield replace(
            _entry(wait.event),
            severity=Severity.INFO.word,
            events=(),
            after=f"; news on {show_time(wait.due_at, now.zone)} if it lasts",
        )
    for channel, number in (now.queues or {}).items():
        if number:
            yield _plain(f"{counted(number, 'message')} for {channel}; see `watcher outbox`")
    for mute in now.mutes:
        end = f" until {show_time(mute.until, now.zone)}" if mute.until else ""
        said = "Reminders of {} are held back" if mute.is_acknowledgement else "{} is muted"
        yield _plain(f"{said.replace('{}', mute.pattern)}{end}; {counted(mute.held, 'event')} so far")


def _health(now: Situation) -> Iterator[Entry]:
    """Say in a line whether watcher is healthy, or what is wrong."""
    listed = sum(item.listed is not None for item in now.items.values())
    if not now.problems:
        yield _plain(f"Healthy; {counted(listed, 'model')} listed")
    for problem in now.problems:
        yield _plain(problem, Severity.CRITICAL)


def _plain(text: str, severity: Severity = Severity.INFO) -> Entry:
    return Entry(kind="", severity=severity.word, subject="", spans=(Span(clean(text, 2 * LONGEST)),))


def earlier(now: datetime) -> datetime:
    """Return since when a report tells what happened, unless it is asked for another time: a week."""
    return now - timedelta(days=7)

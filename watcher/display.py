"""Tables and colours for people at a terminal; plain text elsewhere."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from watcher.describe import clean, describe, moment
from watcher.domain import Delivery, Event, HistoryEntry, OutboxState, Plan
from watcher.pricing import HEADLINE, shown
from watcher.report import Report
from watcher.rows import time_of

T = TypeVar("T")
COLOURS = {
    OutboxState.WAITING: "yellow",
    OutboxState.SENDING: "yellow",
    OutboxState.SENT: "green",
    OutboxState.DEAD: "red",
}
WIDE = 1000  # columns where no terminal sets a limit: a line stays one line for grep


def _out() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def _err() -> Console:
    return Console(stderr=True, highlight=False)


def line(text: str, style: str = "") -> None:
    """Print one line; remote text in it is literal."""
    _out().print(Text(text, style=style), soft_wrap=True)


def note(text: str, style: str = "yellow") -> None:
    """Print one line to standard error."""
    _err().print(Text(text, style=style), soft_wrap=True)


def progress(steps: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Show a bar on standard error while going through the steps; nothing where that is no terminal."""
    console = _err()
    yield from track(
        steps, what, total=total, console=console, transient=True, disable=not console.is_terminal
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> None:
    """Print rows under headings; the last column takes the room that is left and wraps."""
    grid = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for number, heading in enumerate(headings):
        is_last = number == len(headings) - 1
        grid.add_column(heading, no_wrap=not is_last, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    _out().print(grid)


def events(told: Sequence[Event]) -> None:
    """Print events, a line each."""
    table(("WHEN", "ID", "WHAT"), ((moment(event.at), event.id, describe(event)) for event in told))


def history(entries: Sequence[HistoryEntry]) -> None:
    """Print what the list showed of a model."""
    table(("WHEN", "FIELD", "VALUE"), ((moment(e.at), e.field, _value(e)) for e in entries))


def _value(entry: HistoryEntry) -> str:
    if entry.field in HEADLINE:
        return shown({entry.field: entry.value}, entry.field)
    return clean(entry.value or "none")


def outbox(deliveries: Sequence[Delivery]) -> None:
    """Print messages and where they stand."""
    rows = (
        (
            str(delivery.id),
            moment(delivery.notification.at),
            delivery.notification.channel,
            Text(delivery.state, style=COLOURS[delivery.state]),
            str(delivery.attempts),
            clean(delivery.notification.title) + (f"\n{clean(delivery.error)}" if delivery.error else ""),
        )
        for delivery in deliveries
    )
    table(("NO", "WHEN", "CHANNEL", "STATE", "TRIES", "MESSAGE"), rows)


def age(since: datetime | None, now: datetime) -> str:
    """Say how long ago: `just now`, `5 minutes ago`, `3 days ago`, `never`."""
    if since is None:
        return "never"
    seconds = int((now - since) / timedelta(seconds=1))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return "just now"


def status(report: Report) -> None:
    """Print how a watcher is doing."""
    sources = (
        (
            name,
            age(source.last_good, report.at),
            Text(f"failing: {source.reason}", "red") if source.reason else "ok",
        )
        for name, source in report.sources.items()
    )
    table(("SOURCE", "LAST GOOD", "STATE"), sources)
    line("")
    channels = (
        (
            name,
            age(time_of(counts.last_sent) if counts.last_sent else None, report.at),
            f"{counts.waiting}",
            f"{counts.dead}",
        )
        for name, counts in report.channels.items()
    )
    table(("CHANNEL", "LAST SENT", "WAITING", "DEAD"), channels)
    line("")
    line(f"{report.models} models, {report.pending} differences wait to become news")
    line(f"Store {report.store}, {report.size / 1e6:.1f} MB; watcher {report.version}")
    for problem in report.problems:
        line(problem, "red")
    if report.is_healthy:
        line("Healthy.", "green")


@dataclass
class Days:
    """What a replay would have told, by day and by rule."""

    events: Counter[date] = field(default_factory=Counter)
    messages: Counter[date] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, at: datetime, decided: Plan) -> None:
        """Count one poll."""
        self.events[at.date()] += len(decided.events)
        self.messages[at.date()] += len(decided.notifications)
        for notification in decided.notifications:
            self.rules.update(notification.rules)
            self.told.append(f"{moment(at)}  {notification.channel}: {notification.title}")

    def show(self) -> None:
        """Print every message, then the days, then the rules."""
        for told in self.told:
            line(told)
        line("")
        days = (
            (f"{day:%a %d %b %Y}", str(self.messages[day]), str(count)) for day, count in self.events.items()
        )
        table(("DAY", "MESSAGES", "EVENTS"), days)
        line("")
        table(("MESSAGES", "RULE"), ((str(count), rule) for rule, count in self.rules.most_common()))

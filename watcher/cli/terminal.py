"""Tables and colors for people at a terminal; plain text elsewhere."""

import errno
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from shutil import get_terminal_size
from typing import TypeAlias, TypeVar

from rich.console import Console, JustifyMethod
from rich.progress import track
from rich.table import Table
from rich.text import Text

from watcher.cli.local_time import local, zone
from watcher.domain.delivery import Delivery, OutboxState
from watcher.domain.letter import Letter
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Plan
from watcher.forms.as_terminal import GAP, as_terminal
from watcher.forms.as_text import as_text
from watcher.messages.lines import describe
from watcher.openrouter.prices import MAIN, show
from watcher.reports.backtest import Backtest
from watcher.reports.sent import Sending
from watcher.text.clean import clean, clean_lines, inert
from watcher.text.counts import counted

T = TypeVar("T")
Styled: TypeAlias = Text
"""A text with a style, for the cell of a table."""
COLORS = {
    OutboxState.WAITING: "yellow",
    OutboxState.SENDING: "yellow",
    OutboxState.SENT: "green",
    OutboxState.DEAD: "red",
}
WIDE = 1000  # columns if the output is no terminal: a row stays one line for grep


def _out() -> Console:
    if sys.stdout is None:  # closed by whoever started us
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def _err() -> Console:
    return Console(stderr=True, highlight=False)


def line(text: str, style: str = "") -> None:
    """Print one line, which a terminal gets wrapped at words; markup in remote text has no effect."""
    _out().print(Text(text, style=style), soft_wrap=not sys.stdout.isatty())


def pairs(rows: Iterable[tuple[str, str, str]]) -> None:
    """Print a heading, a text that wraps beside it, and their style, one pair below the other."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for heading, text, style in rows:
        grid.add_row(Text(heading, style), Text(text, style))
    _out().print(grid)


def written(title: str, letter: Letter) -> str:
    """Write a message for people: in color on a terminal, else as plain text."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return as_terminal(title, letter, get_terminal_size().columns)
    return inert(clean_lines(f"{title}\n\n{as_text(letter)}"), GAP)


def note(text: str, style: str = "yellow") -> None:
    """Print one line to standard error; a terminal shows it wrapped between words."""
    console = _err()
    console.print(Text(text, style=style), soft_wrap=not console.is_terminal)


def progress(steps: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield the steps with a progress bar on standard error; without one if it is not a terminal."""
    console = _err()
    yield from track(
        steps, what, total=total, console=console, transient=True, disable=not console.is_terminal
    )


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Text | str]], figures: Collection[str] = ()
) -> None:
    """Print rows under headings, `figures` to the right; the last column takes the rest and wraps."""
    grid = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for number, heading in enumerate(headings):
        is_last = number == len(headings) - 1
        side: JustifyMethod = "right" if heading in figures else "left"
        grid.add_column(heading, no_wrap=not is_last, overflow="fold", justify=side)
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    _out().print(grid)


def events(found: Sequence[Event]) -> None:
    """Print one line per event."""
    table(("WHEN", "ID", "WHAT"), ((local(event.at), event.id, describe(event)) for event in found))


def history(entries: Sequence[HistoryEntry]) -> None:
    """Print what the list has shown for a model."""
    table(("WHEN", "FIELD", "VALUE"), ((local(e.at), e.field, _value(e)) for e in entries))


def _value(entry: HistoryEntry) -> str:
    key = entry.field.rpartition(".")[2]  # `floor.prompt` is a price of prompt
    if key in MAIN:
        return show({key: entry.value}, key)
    value = clean(entry.value or "none")
    if entry.field == "context" and value.isdigit():
        return f"{int(value):,} tokens"
    return {"True": "yes", "False": "no"}.get(value, value)


def outbox(deliveries: Sequence[Delivery]) -> None:
    """Print messages and their states."""
    table(("ID", "WHEN", "CHANNEL", "STATE", "ATTEMPTS", "MESSAGE"), map(_delivery, deliveries))


def _delivery(delivery: Delivery) -> tuple[str | Text, ...]:
    error = f"\n{clean(delivery.error)}" if delivery.error else ""
    return (
        str(delivery.id),
        local(delivery.notification.at),
        delivery.notification.channel,
        Text(delivery.state, style=COLORS[delivery.state]),
        str(delivery.attempts),
        clean(delivery.notification.title) + error,
    )


RESULTS = {"sent": "green", "dead letter": "red", "not needed": ""}


def log(found: Sequence[Sending]) -> None:
    """Print what was sent, and whether it arrived."""
    table(("WHEN", "NO", "CHANNEL", "RESULT", "MESSAGE"), map(_sending, found), ("NO",))


def _sending(found: Sending) -> tuple[str | Text, ...]:
    message = Text("\n".join(found.titles))
    if notes := "; ".join(found.notes(zone())):
        message.append(f"\n{notes}", "dim")
    return (
        local(found.at),
        str(found.first.id),
        clean(found.first.notification.channel),
        Text(found.result, RESULTS.get(found.result, "yellow")),
        message,
    )


def messages(decided: Plan) -> None:
    """Print the messages of a plan, one per line."""
    for notification in decided.notifications:
        line(f"{local(notification.at)}  {notification.channel}: {notification.title}")


def days(test: Backtest) -> None:
    """Print how much would have been reported, by day and by rule."""
    line("")
    rows = (
        (f"{day:%a %d %b %Y}", str(test.messages[day]), str(test.events[day]))
        for day in sorted(test.days | test.messages.keys())
    )
    table(("DAY", "MESSAGES", "EVENTS"), rows)
    line("")
    table(("MESSAGES", "RULE"), ((str(record.messages), record.rule) for record in test.records()))
    _unmatched(test)


def rules(test: Backtest) -> None:
    """Print each rule's record, and what no rule matched."""
    for record in test.records():
        line(record.rule, "bold")
        busiest = (
            f", at most {record.busiest[1]} on {record.busiest[0]:%a %d %b %Y}" if record.busiest else ""
        )
        line(f"  {counted(record.messages, 'message')}, {record.a_day:.1f} per day{busiest}")
        if record.models:
            line("  top models: " + ", ".join(f"{clean(model)} ({count})" for model, count in record.models))
    _unmatched(test)


def _unmatched(test: Backtest) -> None:
    """Print which events no rule matched."""
    line("")
    unmatched = ", ".join(f"{kind} ({count})" for kind, count in test.unmatched.most_common())
    line(f"No rule matched: {unmatched}" if unmatched else "Every event was reported.")

"""Tables and colors for people at a terminal; plain text elsewhere."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from watcher.domain.delivery import Delivery, OutboxState
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Health, Plan
from watcher.messages.lines import describe
from watcher.news.settle import Waiting
from watcher.openrouter.prices import MAIN, show
from watcher.reports.backtest import Backtest
from watcher.reports.explain import RuleCheck
from watcher.reports.status import Report
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import from_iso, show_age, show_time, show_wait

T = TypeVar("T")
COLORS = {
    OutboxState.WAITING: "yellow",
    OutboxState.SENDING: "yellow",
    OutboxState.SENT: "green",
    OutboxState.DEAD: "red",
}
WIDE = 1000  # columns if the output is no terminal: a row stays one line for grep


def _out() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def _err() -> Console:
    return Console(stderr=True, highlight=False)


def line(text: str, style: str = "") -> None:
    """Print one line; markup in remote text has no effect."""
    _out().print(Text(text, style=style), soft_wrap=True)


def note(text: str, style: str = "yellow") -> None:
    """Print one line to standard error; a terminal shows it wrapped between words."""
    console = _err()
    console.print(Text(text, style=style), soft_wrap=not console.is_terminal)


def progress(steps: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield the steps, with a progress bar if standard error is a terminal."""
    console = _err()
    yield from track(
        steps, what, total=total, console=console, transient=True, disable=not console.is_terminal
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> None:
    """Print rows under headings; the last column takes the remaining width and wraps."""
    grid = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for number, heading in enumerate(headings):
        is_last = number == len(headings) - 1
        grid.add_column(heading, no_wrap=not is_last, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    _out().print(grid)


def events(found: Sequence[Event]) -> None:
    """Print events, one per line."""
    table(("WHEN", "ID", "WHAT"), ((show_time(event.at), event.id, describe(event)) for event in found))


def history(entries: Sequence[HistoryEntry]) -> None:
    """Print the charted values of a model."""
    table(("WHEN", "FIELD", "VALUE"), ((show_time(e.at), e.field, _value(e)) for e in entries))


def _value(entry: HistoryEntry) -> str:
    if entry.field in MAIN:
        return show({entry.field: entry.value}, entry.field)
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
        show_time(delivery.notification.at),
        delivery.notification.channel,
        Text(delivery.state, style=COLORS[delivery.state]),
        str(delivery.attempts),
        clean(delivery.notification.title) + error,
    )


def _state(found: Health | None, *, is_new: bool) -> Text:
    if found and found.reason:
        since = f" since {show_time(found.failing_since)}" if found.failing_since else ""
        return Text(f"failing{since}: {clean(found.reason)}", "red")
    return Text("no data yet", "yellow") if is_new else Text("ok", "green")


def status(report: Report) -> None:
    """Print the health of sources, channels and store."""
    table(("SOURCE", "LAST GOOD", "NEXT", "STATE"), (_source(report, name) for name in report.sources))
    line("")
    table(
        ("CHANNEL", "LAST SENT", "WAITING", "DEAD LETTERS", "STATE"),
        (_channel(report, name) for name in report.channels),
    )
    line("")
    line(f"{counted(report.models, 'model')}, {counted(report.pending, 'change')} on hold")
    running = f"is running as process {report.process}" if report.process else "is not running"
    line(f"watcher {report.version} {running}; store {report.store}, {report.size / 1e6:.1f} MB")
    for problem in report.problems:
        line(clean(problem, WIDE), "red")
    if report.is_healthy:
        line("Healthy.", "green")


def _source(report: Report, name: str) -> tuple[str | Text, ...]:
    source = report.sources[name]
    return (
        name,
        show_age(source.last_good, report.at),
        show_wait(report.next_poll(source), report.at),
        _state(source, is_new=source.last_good is None),
    )


def _channel(report: Report, name: str) -> tuple[str | Text, ...]:
    counts = report.channels[name]
    last = from_iso(counts.last_sent) if counts.last_sent else None
    waiting = f"{counts.waiting}"
    if counts.oldest:
        waiting += f" (oldest {show_age(from_iso(counts.oldest), report.at)})"
    state = _state(report.failing.get(name), is_new=last is None)
    return name, show_age(last, report.at), waiting, f"{counts.dead}", state


def told(at: datetime, decided: Plan) -> None:
    """Print the messages that a poll would have sent, one per line."""
    for notification in decided.notifications:
        line(f"{show_time(at)}  {notification.channel}: {notification.title}")


def days(test: Backtest) -> None:
    """Print how many messages would have been sent, by day and by rule."""
    line("")
    rows = (
        (f"{day:%a %d %b %Y}", str(test.messages[day]), str(test.events[day])) for day in sorted(test.days)
    )
    table(("DAY", "MESSAGES", "EVENTS"), rows)
    line("")
    table(("MESSAGES", "RULE"), ((str(record.messages), record.rule) for record in test.records()))


def rules(test: Backtest) -> None:
    """Print the record of each rule, and the events that no rule matched."""
    for record in test.records():
        line(record.rule, "bold")
        busiest = (
            f", at most {record.busiest[1]} on {record.busiest[0]:%a %d %b %Y}" if record.busiest else ""
        )
        line(f"  {counted(record.messages, 'message')}, {record.a_day:.1f} per day{busiest}")
        if record.models:
            line("  top models: " + ", ".join(f"{clean(model)} ({count})" for model, count in record.models))
    line("")
    unmatched = ", ".join(f"{kind} ({count})" for kind, count in test.uncaught.most_common())
    line(f"No rule matched: {unmatched}" if unmatched else "Every event was reported.")


def verdicts(found: Sequence[RuleCheck]) -> None:
    """Print each rule's verdict and, if it does not match, why."""
    for verdict in found:
        if verdict.tells:
            line(f"  + {verdict.rule}: reports to {' and '.join(verdict.channels)}", "green")
        else:
            line(f"  - {verdict.rule}: does not match: {'; '.join(verdict.unmet)}")


def explained(event: Event, found: Sequence[RuleCheck]) -> None:
    """Print an event and each rule's verdict."""
    line(f"Event of {show_time(event.at)}: {describe(event)}", "bold")
    verdicts(found)


def waiting(found: Waiting, now: datetime) -> None:
    """Print a change on hold: since when, until when, and why."""
    line(f"On hold: {describe(found.event)}", "yellow")
    since = f"{show_time(found.since)} ({show_age(found.since, now)})"
    line(f"  since {since}; reported at {show_time(found.due_at)} if it lasts: {found.reason}")

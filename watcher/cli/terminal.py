"""Tables and colors for people at a terminal; plain text elsewhere."""

import errno
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TypeVar

from rich.console import Console, JustifyMethod
from rich.progress import track
from rich.table import Table
from rich.text import Text

from watcher.cli.local_time import local
from watcher.domain.delivery import Delivery, OutboxState
from watcher.domain.mutes import Mute
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Health, Plan
from watcher.domain.providers import Offer
from watcher.messages.lines import describe
from watcher.news.outlook import Waiting
from watcher.openrouter.prices import MAIN, amount, percent, show, show_main
from watcher.reports.backtest import Backtest
from watcher.reports.digests import NextDigest
from watcher.reports.explain import RuleCheck
from watcher.reports.fates import Fate, Telling
from watcher.reports.providers import Providers
from watcher.reports.sent import Sending
from watcher.reports.status import MOST_ROWS, Report
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


def log(found: Sequence[Sending], zone: tzinfo) -> None:
    """Print what was sent, and whether it arrived."""
    table(("WHEN", "NO", "CHANNEL", "RESULT", "MESSAGE"), (_sending(one, zone) for one in found), ("NO",))


def _sending(found: Sending, zone: tzinfo) -> tuple[str | Text, ...]:
    message = Text("\n".join(found.titles))
    if notes := "; ".join(found.notes(zone)):
        message.append(f"\n{notes}", "dim")
    return (
        show_time(found.at, zone),
        str(found.first.id),
        clean(found.first.notification.channel),
        Text(found.result, RESULTS.get(found.result, "yellow")),
        message,
    )


def _state(found: Health | None, *, is_new: bool) -> Text:
    if found and found.reason:
        since = f" since {local(found.failing_since)}" if found.failing_since else ""
        return Text(f"failing{since}: {clean(found.reason)}", "red")
    return Text("no data yet", "yellow") if is_new else Text("ok", "green")


def status(report: Report) -> None:
    """Print the health of sources, channels and store."""
    sources = [*(_source(report, name) for name in report.sources), _endpoints(report)]
    table(("SOURCE", "LAST GOOD", "NEXT", "STATE"), sources)
    line("")
    table(
        ("CHANNEL", "LAST SENT", "WAITING", "DEAD LETTERS", "STATE"),
        (_channel(report, name) for name in report.channels),
    )
    for name, digests in report.digests.items():
        for digest in digests:
            line(_digest(name, digest, report))
    line("")
    if report.mutes:
        table(
            ("NO", "HELD BACK", "UNTIL", "EVENTS", "WHY"), map(_mute, report.mutes), figures=("NO", "EVENTS")
        )
        line("")
    line(f"{counted(report.models, 'model')}, {counted(report.pending, 'change')} on hold")
    running = f"is running as process {report.process}" if report.process else "is not running"
    line(f"watcher {report.version} {running}; store {report.store}, {report.size / 1e6:.1f} MB")
    if report.incomplete.reason and not report.incomplete.reported:
        line(f"The model list is incomplete: {clean(report.incomplete.reason, WIDE)}", "yellow")
    if unreadable := [model for model, row in report.unreadable.items() if not row.reported]:
        names = ", ".join(map(clean, unreadable[:MOST_ROWS]))
        line(f"{counted(len(unreadable), 'model')} cannot be read at present: {names}", "yellow")
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


def _endpoints(report: Report) -> tuple[str | Text, ...]:
    found = report.endpoints
    if found.is_off:
        return "endpoints", "-", "-", "off"
    state = _state(found.health, is_new=found.health.last_good is None)
    state.append(f"; providers of {found.known} of {counted(found.models, 'model')} known")
    return (
        "endpoints",
        show_age(found.health.last_good, report.at),
        "as due" if report.process else "-",
        state,
    )


def _mute(mute: Mute) -> tuple[str | Text, ...]:
    what = f"reminders of {mute.pattern}" if mute.is_acknowledgement else mute.pattern
    until = local(mute.until) if mute.until else "the date changes"
    return str(mute.id), Text(clean(what), "yellow"), until, f"{mute.held:,}", clean(mute.why)


def _channel(report: Report, name: str) -> tuple[str | Text, ...]:
    counts = report.channels[name]
    last = from_iso(counts.last_sent) if counts.last_sent else None
    waiting = f"{counts.waiting}"
    if counts.oldest:
        waiting += f" (oldest {show_age(from_iso(counts.oldest), report.at)})"
    state = _state(report.failing.get(name), is_new=last is None)
    return name, show_age(last, report.at), waiting, f"{counts.dead}", state


def _digest(channel: str, digest: NextDigest, report: Report) -> str:
    """Say when a channel gets its next digest, and what waits for it."""
    when = f"{show_time(digest.at, digest.at.tzinfo or UTC)} ({show_wait(digest.at, report.at)})"
    waiting = f"{counted(digest.events, 'event')} {'waits' if digest.events == 1 else 'wait'} for it"
    return f"{channel}: the next digest ({digest.schedule}) comes on {when}; {waiting}"


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


OFFER = ("PROVIDER", "PROMPT", "COMPLETION", "DISCOUNT", "CONTEXT", "OUTPUT", "QUANT", "STATUS")
MOST_OFFERS = 12  # so that an explanation stays on one screen


def providers(model: str, known: Providers, now: datetime) -> None:
    """Print what each provider asks for a model, and what that makes its price."""
    line(clean(model), "bold")
    if known.offers:
        table(OFFER, (_offer(offer, known) for offer in known.offers[:MOST_OFFERS]), figures=OFFER[1:6])
        more = len(known.offers) - MOST_OFFERS
        if more > 0:
            line(f"and {counted(more, 'dearer offer')}; --json has all", "dim")
        line("USD per million tokens; a discount is already in the price", "dim")
        line("")
    pairs((heading, text, "") for heading, text in _summary(known, now))
    line("")


def _offer(offer: Offer, known: Providers) -> tuple[str | Text, ...]:
    """Return an offer's cells; the cheapest is green."""
    is_floor = known.floor is not None and known.floor.seen.tag == offer.tag
    price = {**offer.clock, **offer.price}
    style = "green" if is_floor else ""
    return (
        Text(clean(offer.provider), style),
        *(Text(amount(price, key), style) for key in MAIN),
        percent(Decimal(offer.discount)).removeprefix("+") if offer.discount != "0" else "",
        _tokens(offer.context),
        _tokens(offer.max_output),
        clean(offer.quantization or ""),
        Text("ok", "green") if not offer.status else Text("degraded", "yellow"),
    )


def _tokens(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _summary(known: Providers, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what the price is, what the list shows, and when the providers are asked, with headings."""
    if known.floor:
        seen, reported = known.floor.seen, known.floor.reported
        since = f"since {local(known.since)}" if known.since else "no move seen yet"
        yield "Cheapest", f"{show_main(seen.price)}, from {clean(seen.provider)}, {since}"
        if seen.price != reported.price:
            yield "Reported", f"{show_main(reported.price)}, from {clean(reported.provider)}"
    if known.row:
        of = f", the price of {clean(' and '.join(known.shown_by))}" if known.shown_by else ""
        yield "List", show_main(known.row) + of
    if known.asked_at:
        following = f"; next {show_wait(known.next_at, now)}" if known.next_at else ""
        yield "Asked", f"{show_age(known.asked_at, now)}{following}"
    if known.note:
        yield "Providers", known.note


def unreadable(model: str, row: Health, now: datetime) -> None:
    """Print why a model's row cannot be read."""
    since = (
        f", since {local(row.failing_since)} ({show_age(row.failing_since, now)})"
        if row.failing_since
        else ""
    )
    line(f"{clean(model)} cannot be read{since}: {clean(row.reason or '', WIDE)}", "red")


def verdicts(found: Sequence[RuleCheck]) -> None:
    """Print whether each rule matches and, if not, why."""
    pairs(map(_verdict, found))


def _verdict(check: RuleCheck) -> tuple[str, str, str]:
    if check.matches:
        return "  +", f"{check.rule}: reports to {' and '.join(check.channels)}", "green"
    return "  -", f"{check.rule}: does not match: {'; '.join(check.unmet)}", ""


FATES = {Fate.TOLD: "green", Fate.DEAD: "red", Fate.UNTOLD: ""}


def explained(event: Event, found: Sequence[RuleCheck], told: Sequence[Telling], zone: tzinfo = UTC) -> None:
    """Print an event, whether each rule matches it, and what became of it on each channel."""
    line(f"Event of {show_time(event.at, zone)}: {describe(event)}", "bold")
    verdicts(found)
    if not told:
        line("Nobody was told: no rule reports it.", "yellow")
        return
    line("What became of it:")
    pairs((f"  {one.channel or '-'}", one.words(zone), FATES.get(one.fate, "yellow")) for one in told)


def waiting(found: Waiting, rules: Sequence[RuleCheck], now: datetime) -> None:
    """Print a change on hold: since when, until when and why, and which rules will report it."""
    line(f"On hold: {describe(found.event)}", "yellow")
    since = f"{local(found.since)} ({show_age(found.since, now)})"
    until = f"reported at {local(found.due_at)} if it lasts: {found.reason}"
    pairs([("  since", f"{since}; {until}", "")])
    telling = [check for check in rules if check.matches]
    if telling:
        verdicts(telling)
    else:
        line("  no rule matches it; --json says why")

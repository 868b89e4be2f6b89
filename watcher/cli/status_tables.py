"""The health of a watcher, for people at a terminal."""

from watcher.cli import terminal
from watcher.cli.local_time import local
from watcher.cli.terminal import Styled
from watcher.domain.mutes import Mute
from watcher.domain.polls import Health
from watcher.reports.digests import NextDigest
from watcher.reports.status import MOST_ROWS, Report
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import from_iso, show_age, show_wait


def _state(found: Health | None, *, is_new: bool) -> Styled:
    if found and found.reason:
        since = f" since {local(found.failing_since)}" if found.failing_since else ""
        return Styled(f"failing{since}: {clean(found.reason)}", "red")
    return Styled("no data yet", "yellow") if is_new else Styled("ok", "green")


def status(report: Report) -> None:
    """Print the health of sources, channels and store."""
    sources = [*(_source(report, name) for name in report.sources), _endpoints(report)]
    terminal.table(("SOURCE", "LAST GOOD", "NEXT", "STATE"), sources)
    terminal.line("")
    terminal.table(
        ("CHANNEL", "LAST SENT", "WAITING", "DEAD LETTERS", "STATE"),
        (_channel(report, name) for name in report.channels),
    )
    for name, digests in report.digests.items():
        for digest in digests:
            terminal.line(_digest(name, digest, report))
    terminal.line("")
    if report.mutes:
        terminal.table(
            ("NO", "HELD BACK", "UNTIL", "EVENTS", "WHY"), map(_mute, report.mutes), figures=("NO", "EVENTS")
        )
        terminal.line("")
    terminal.line(f"{counted(report.models, 'model')}, {counted(report.pending, 'change')} on hold")
    running = f"is running as process {report.process}" if report.process else "is not running"
    terminal.line(f"watcher {report.version} {running}; store {report.store}, {report.size / 1e6:.1f} MB")
    if report.incomplete.reason and not report.incomplete.reported:
        terminal.line(
            f"The model list is incomplete: {clean(report.incomplete.reason, terminal.WIDE)}", "yellow"
        )
    if unreadable := [model for model, row in report.unreadable.items() if not row.reported]:
        names = ", ".join(map(clean, unreadable[:MOST_ROWS]))
        terminal.line(f"{counted(len(unreadable), 'model')} cannot be read at present: {names}", "yellow")
    for problem in report.problems:
        terminal.line(clean(problem, terminal.WIDE), "red")
    if report.is_healthy:
        terminal.line("Healthy.", "green")


def _source(report: Report, name: str) -> tuple[str | Styled, ...]:
    source = report.sources[name]
    return (
        name,
        show_age(source.last_good, report.at),
        show_wait(report.next_poll(source), report.at),
        _state(source, is_new=source.last_good is None),
    )


def _endpoints(report: Report) -> tuple[str | Styled, ...]:
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


def _mute(mute: Mute) -> tuple[str | Styled, ...]:
    what = f"reminders of {mute.pattern}" if mute.is_acknowledgement else mute.pattern
    until = local(mute.until) if mute.until else "the date changes"
    return str(mute.id), Styled(clean(what), "yellow"), until, f"{mute.held:,}", clean(mute.why)


def _channel(report: Report, name: str) -> tuple[str | Styled, ...]:
    counts = report.channels[name]
    last = from_iso(counts.last_sent) if counts.last_sent else None
    waiting = f"{counts.waiting}"
    if counts.oldest:
        waiting += f" (oldest {show_age(from_iso(counts.oldest), report.at)})"
    state = _state(report.failing.get(name), is_new=last is None)
    return name, show_age(last, report.at), waiting, f"{counts.dead}", state


def _digest(channel: str, digest: NextDigest, report: Report) -> str:
    """Say when a channel gets its next digest, and what waits for it."""
    when = f"{local(digest.at)} ({show_wait(digest.at, report.at)})"
    waiting = f"{counted(digest.events, 'event')} {'waits' if digest.events == 1 else 'wait'} for it"
    return f"{channel}: the next digest ({digest.schedule}) comes on {when}; {waiting}"

"""The command that runs the rules on recorded model lists."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.reports import as_json
from watcher.reports import replay as recorded
from watcher.reports.backtest import Backtest


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Start at this UTC day."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Stop before this UTC day."
)
@click.option(
    "--rules",
    "by_rule",
    is_flag=True,
    help="Print only a summary per rule, and the events that none matched.",
)
@options.as_json
@click.pass_obj
def replay(
    path: Path | None,
    recording: Path,
    since: datetime | None,
    until: datetime | None,
    *,
    by_rule: bool,
    for_machines: bool,
) -> None:
    """Run the rules on recorded model lists and provider prices.

    RECORDING is a directory or tar archive of answers, each named by its UTC time, such as
    2026-06-08T01-11-59Z.json (a model list) and 2026-06-08T01-11-59Z.endpoints.json (what providers asked).
    `watcher record` and the key `record` make recordings.
    """
    if since and until and since >= until:
        message = f"--since {since:%Y-%m-%d} must be before --until {until:%Y-%m-%d}"
        raise click.UsageError(message)
    settings = options.load(path, options.READING).settings
    answers = _between(recorded.Recording.open(recording), _utc(since), _utc(until))
    if not answers.has_endpoints:
        terminal.note("this recording has no provider prices, so prices are judged from the list alone")
    test = Backtest([rule.name for rule in settings.rules])
    polls = terminal.progress(recorded.replay(answers, settings), len(answers.answers), "Replaying")
    for poll, decided in polls:
        test.add(poll, decided)
        if for_machines and not by_rule:
            _echo(as_json.lines(decided))
        elif not for_machines and not by_rule:
            terminal.messages(decided)
    if for_machines and by_rule:
        _echo(json.dumps(record.as_json()) for record in test.records())
    elif by_rule:
        terminal.rules(test)
    elif not for_machines:
        terminal.days(test)


def _between(
    recording: recorded.Recording, since: datetime | None, until: datetime | None
) -> recorded.Recording:
    """Return the answers of these days. Raises UsageError if there are none."""
    found = recording.between(since, until)
    if not found.answers:
        first, last = recording.answers[0].at, recording.answers[-1].at
        message = f"there are no answers of these days; the recording has {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        raise click.UsageError(message)
    return found


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)

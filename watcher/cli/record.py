"""The commands that look at what was and will be told; those that act are in `act.py`."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click

from watcher.cli import as_csv, options, terminal
from watcher.cli.options import load
from watcher.domain.catalog import Item
from watcher.domain.errors import NotFoundError
from watcher.news.settle import outlook
from watcher.news.steadiness import Moment
from watcher.reports import as_json
from watcher.reports import replay as recorded
from watcher.reports.backtest import Backtest
from watcher.reports.explain import verdicts
from watcher.reports.status import report
from watcher.service.loop import utc_now
from watcher.store.store import Store


@click.command()
@click.option("--kind", default="*", help="Only kinds that match this glob, such as 'price.*'.")
@click.option("--model", default="*", help="Only models that match this glob, such as 'openai/*'.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@options.as_json
@click.pass_obj
def events(path: Path | None, kind: str, model: str, limit: int, *, for_machines: bool) -> None:
    """List what became news, the newest last."""
    with Store.read(load(path).store) as store:
        told = store.events(model, kind, limit)[::-1]
    if for_machines:
        for event in told:
            click.echo(as_json.written(as_json.event(event)))
    elif told:
        terminal.events(told)
    else:
        terminal.note("No events yet.")


@click.command()
@click.argument("model")
@click.option("--csv", "is_csv", is_flag=True, help="Comma-separated values, for a spreadsheet.")
@options.as_json
@click.pass_obj
def history(path: Path | None, model: str, *, is_csv: bool, for_machines: bool) -> None:
    """Show what the list has shown of MODEL.

    Prices, context, expiration and presence, told or not.
    """
    with Store.read(load(path).store) as store:
        entries = store.history(model)
        known = store.state().items
    if not entries:
        raise _unknown(model, known)
    if for_machines:
        for entry in entries:
            click.echo(as_json.written(as_json.history(entry)))
    elif is_csv:
        as_csv.history(entries)
    else:
        terminal.history(entries)


@click.command()
@click.option("--retry", metavar="NO|all", help="Queue a dead message again, or all of them.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@options.as_json
@click.pass_obj
def outbox(path: Path | None, retry: str | None, limit: int, *, for_machines: bool) -> None:
    """List messages; queue dead ones again."""
    with Store.read(load(path).store) as store:
        if retry is not None:
            number = store.outbox.retry(None if retry == "all" else [_number(retry)], utc_now())
            queued = f"{number} queued again; a running service sends within a minute"
            terminal.note(queued if number else "No message is dead.", "green")
            return
        messages = store.outbox.messages(limit=limit)[::-1]
    if for_machines:
        for message in messages:
            click.echo(as_json.written(as_json.delivery(message)))
    elif messages:
        terminal.outbox(messages)
    else:
        terminal.note("No messages yet.")


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup(path: Path | None, target: Path) -> None:
    """Copy the store to FILE, also while the service runs.

    To restore: stop the service, put the copy in the store's place, remove -wal and -shm beside it, start.
    """
    with Store.read(load(path).store) as store:
        store.backup(target)
    terminal.note(f"{target}: a whole copy, {target.stat().st_size / 1e6:.1f} MB", "green")


def _number(text: str) -> int:
    if not text.isdecimal():
        message = "--retry takes a message's number or `all`"
        raise click.UsageError(message)
    return int(text)


@click.command()
@options.as_json
@click.pass_obj
def status(path: Path | None, *, for_machines: bool) -> None:
    """Say how sources and channels are doing.

    The exit code is 3 where something is wrong.
    """
    settings = load(path)
    with Store.read(settings.store) as store:
        found = report(settings, store, utc_now())
    if for_machines:
        click.echo(json.dumps(found.as_json()))
    else:
        terminal.status(found)
    sys.exit(0 if found.is_healthy else 3)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this UTC day on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Before this UTC day.")
@click.option("--rules", "by_rule", is_flag=True, help="Only sum up, rule by rule, and say what none caught.")
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
    """Try the rules on recorded answers.

    RECORDING is a folder or a .tar.xz of answers named by their UTC time, such as 2026-06-08T01-11-59Z.json.
    """
    settings = load(path).settings
    answers = recorded.Recording.open(recording).between(_utc(since), _utc(until))
    test = Backtest([rule.name for rule in settings.rules])
    polls = terminal.progress(recorded.replay(answers, settings), len(answers.answers), "Replaying")
    for poll, decided in polls:
        test.add(poll, decided)
        if for_machines and not by_rule:
            _echo(as_json.lines(decided))
        elif not as_json and not by_rule:
            terminal.told(poll.at, decided)
    if for_machines and by_rule:
        _echo(json.dumps(record.as_json()) for record in test.records())
    elif by_rule:
        terminal.rules(test)
    elif not as_json:
        terminal.days(test)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.command()
@click.argument("name", metavar="EVENT|MODEL")
@options.as_json
@click.pass_obj
def explain(path: Path | None, name: str, *, for_machines: bool) -> None:
    """Say why something is told, or waits.

    Every rule against an event, or against a model's last news and what waits of it, and until when.
    """
    settings = load(path)
    now = utc_now()
    with Store.read(settings.store) as store:
        state = store.state()
        events = store.event(name) or store.events(name, limit=1)
    if not events and name not in state.items:
        raise _unknown(name, state.items)
    item = state.items.get(name, Item())
    waits = outlook(name, item, Moment(now, now - settings.poll), settings.settings.policy)
    for wait in waits:
        found = verdicts(wait.event, settings.settings.rules, state.told_prices)
        if for_machines:
            click.echo(as_json.written(as_json.waiting(wait, found)))
        else:
            terminal.waiting(wait, now)
            terminal.verdicts(found)
    for event in events:
        found = verdicts(event, settings.settings.rules, {})
        if for_machines:
            click.echo(as_json.written(as_json.explained(event, found)))
        else:
            terminal.explained(event, found)
    if name in state.items and not waits and not as_json:
        terminal.note("Nothing waits to become news.", "green")


def _unknown(model: str, known: Iterable[str]) -> NotFoundError:
    close = get_close_matches(model, list(known), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return NotFoundError(f"nothing is known of {model!r}{hint}")


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)

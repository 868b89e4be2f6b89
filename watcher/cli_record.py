"""The commands that look at what was and will be told; those that act are in `cli_act.py`."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click

from watcher import csv_output, display, json_output
from watcher import replay as recorded
from watcher.backtest import Backtest
from watcher.cli_options import as_json, load
from watcher.domain import Item
from watcher.errors import NotFoundError
from watcher.explain import verdicts
from watcher.levels import Moment
from watcher.report import report
from watcher.service import utc_now
from watcher.settle import outlook
from watcher.store import Store


@click.command()
@click.option("--kind", default="*", help="Only kinds that match this glob, such as 'price.*'.")
@click.option("--model", default="*", help="Only models that match this glob, such as 'openai/*'.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@as_json
@click.pass_obj
def events(path: Path | None, kind: str, model: str, limit: int, *, as_json: bool) -> None:
    """List what became news, the newest last."""
    with Store.read(load(path).store) as store:
        told = store.events(model, kind, limit)[::-1]
    if as_json:
        for event in told:
            click.echo(json_output.written(json_output.event(event)))
    elif told:
        display.events(told)
    else:
        display.note("No events yet.")


@click.command()
@click.argument("model")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values, for a spreadsheet.")
@as_json
@click.pass_obj
def history(path: Path | None, model: str, *, as_csv: bool, as_json: bool) -> None:
    """Show what the list has shown of MODEL.

    Prices, context, expiration and presence, told or not.
    """
    with Store.read(load(path).store) as store:
        entries = store.history(model)
        known = store.state().items
    if not entries:
        raise _unknown(model, known)
    if as_json:
        for entry in entries:
            click.echo(json_output.written(json_output.history(entry)))
    elif as_csv:
        csv_output.history(entries)
    else:
        display.history(entries)


@click.command()
@click.option("--retry", metavar="NO|all", help="Queue a dead message again, or all of them.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@as_json
@click.pass_obj
def outbox(path: Path | None, retry: str | None, limit: int, *, as_json: bool) -> None:
    """List messages; queue dead ones again."""
    with Store.read(load(path).store) as store:
        if retry is not None:
            number = store.outbox.retry(None if retry == "all" else [_number(retry)], utc_now())
            queued = f"{number} queued again; a running service sends within a minute"
            display.note(queued if number else "No message is dead.", "green")
            return
        messages = store.outbox.messages(limit=limit)[::-1]
    if as_json:
        for message in messages:
            click.echo(json_output.written(json_output.delivery(message)))
    elif messages:
        display.outbox(messages)
    else:
        display.note("No messages yet.")


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup(path: Path | None, target: Path) -> None:
    """Copy the store to FILE, also while the service runs.

    To restore: stop the service, put the copy in the store's place, remove -wal and -shm beside it, start.
    """
    with Store.read(load(path).store) as store:
        store.backup(target)
    display.note(f"{target}: a whole copy, {target.stat().st_size / 1e6:.1f} MB", "green")


def _number(text: str) -> int:
    if not text.isdecimal():
        message = "--retry takes a message's number or `all`"
        raise click.UsageError(message)
    return int(text)


@click.command()
@as_json
@click.pass_obj
def status(path: Path | None, *, as_json: bool) -> None:
    """Say how sources and channels are doing.

    The exit code is 3 where something is wrong.
    """
    settings = load(path)
    with Store.read(settings.store) as store:
        found = report(settings, store, utc_now())
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        display.status(found)
    sys.exit(0 if found.is_healthy else 3)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this UTC day on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Before this UTC day.")
@click.option("--rules", "by_rule", is_flag=True, help="Only sum up, rule by rule, and say what none caught.")
@as_json
@click.pass_obj
def replay(
    path: Path | None,
    recording: Path,
    since: datetime | None,
    until: datetime | None,
    *,
    by_rule: bool,
    as_json: bool,
) -> None:
    """Try the rules on recorded answers.

    RECORDING is a folder or a .tar.xz of answers named by their UTC time, such as 2026-06-08T01-11-59Z.json.
    """
    settings = load(path).settings
    answers = recorded.Recording.open(recording).between(_utc(since), _utc(until))
    test = Backtest([rule.name for rule in settings.rules])
    polls = display.progress(recorded.replay(answers, settings), len(answers.answers), "Replaying")
    for poll, decided in polls:
        test.add(poll, decided)
        if as_json and not by_rule:
            _echo(json_output.lines(decided))
        elif not as_json and not by_rule:
            display.told(poll.at, decided)
    if as_json and by_rule:
        _echo(json.dumps(record.as_json()) for record in test.records())
    elif by_rule:
        display.rules(test)
    elif not as_json:
        display.days(test)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.command()
@click.argument("name", metavar="EVENT|MODEL")
@as_json
@click.pass_obj
def explain(path: Path | None, name: str, *, as_json: bool) -> None:
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
        if as_json:
            click.echo(json_output.written(json_output.waiting(wait, found)))
        else:
            display.waiting(wait, now)
            display.verdicts(found)
    for event in events:
        found = verdicts(event, settings.settings.rules, {})
        if as_json:
            click.echo(json_output.written(json_output.explained(event, found)))
        else:
            display.explained(event, found)
    if name in state.items and not waits and not as_json:
        display.note("Nothing waits to become news.", "green")


def _unknown(model: str, known: Iterable[str]) -> NotFoundError:
    close = get_close_matches(model, list(known), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return NotFoundError(f"nothing is known of {model!r}{hint}")


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)

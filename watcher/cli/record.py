"""The commands that show what was recorded: events, the history of a model, and why it is reported."""

from collections.abc import Iterable
from pathlib import Path

import click

from watcher.cli import as_csv, options, terminal
from watcher.domain.catalog import Item
from watcher.domain.errors import NotFoundError
from watcher.news.holds import Moment
from watcher.news.settle import outlook
from watcher.reports import as_json
from watcher.reports.events import chosen
from watcher.reports.explain import check_rules
from watcher.rules.values import Globs
from watcher.service.clock import utc_now
from watcher.store.store import Store
from watcher.text.suggest import closest


@click.command()
@click.option(
    "--kind",
    default="*",
    metavar="PATTERN",
    callback=options.globs,
    help="Only kinds that match this pattern, such as 'price.*' or '!price.*'.",
)
@click.option(
    "--model",
    default="*",
    metavar="PATTERN",
    callback=options.globs,
    help="Only models that match this pattern, such as 'openai/*'.",
)
@options.limit
@options.as_json
@click.pass_obj
def events(path: Path | None, kind: Globs, model: Globs, limit: int, *, for_machines: bool) -> None:
    """List events, newest last."""
    with Store.read(options.load(path).store) as store:
        found = chosen(store, kind, model, limit)
    if for_machines:
        for event in found:
            click.echo(as_json.written(as_json.event(event)))
    elif found:
        terminal.events(found)
    else:
        terminal.note("No events yet.")


@click.command()
@click.argument("model")
@click.option("--csv", "is_csv", is_flag=True, help="Print comma-separated values.")
@options.as_json
@click.pass_obj
def history(path: Path | None, model: str, *, is_csv: bool, for_machines: bool) -> None:
    """Show the history of MODEL.

    Lists prices, context length, expiration date and presence as OpenRouter listed them, reported or not.
    """
    with Store.read(options.load(path).store) as store:
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
@click.argument("name", metavar="EVENT|MODEL")
@options.as_json
@click.pass_obj
def explain(path: Path | None, name: str, *, for_machines: bool) -> None:
    """Explain why an event is reported or on hold.

    Shows which rules match an event, or a model's latest event and the changes on hold, and until when.
    """
    config = options.load(path)
    now = utc_now()
    with Store.read(config.store) as store:
        state = store.state()
        events = store.event(name) or store.events([name], limit=1)
    if not events and name not in state.items:
        raise _unknown(name, state.items)
    item = state.items.get(name, Item())
    waits = outlook(name, item, Moment(now, now - config.poll), config.settings.policy)
    for wait in waits:
        found = check_rules(wait.event, config.settings.rules, state.base_prices)
        if for_machines:
            click.echo(as_json.written(as_json.waiting(wait, found)))
        else:
            terminal.waiting(wait, now)
            terminal.verdicts(found)
    for event in events:
        found = check_rules(event, config.settings.rules, {})
        if for_machines:
            click.echo(as_json.written(as_json.explained(event, found)))
        else:
            terminal.explained(event, found)
    if name in state.items and not waits and not for_machines:
        terminal.note("No changes on hold.", "green")


def _unknown(model: str, known: Iterable[str]) -> NotFoundError:
    close = closest(model, known)
    hint = f"; did you mean {close}?" if close else ""
    return NotFoundError(f"no model or event named {model!r}{hint}")

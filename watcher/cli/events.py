"""The commands that show what was remembered: events, and the history of a model."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click
from click.core import ParameterSource

from watcher.cli import as_csv, options, terminal
from watcher.domain.errors import NotFoundError
from watcher.messages.as_data import as_data
from watcher.reports import as_json
from watcher.reports.events import chosen
from watcher.rules.values import Globs
from watcher.store.store import Store
from watcher.text.suggest import closest


@click.command()
@click.option(
    "--kind",
    default="*",
    metavar="PATTERN",
    callback=options.kinds,
    help="Only kinds that match this pattern, such as 'price.*' or '!price.*'.",
)
@click.option(
    "--model",
    default="*",
    metavar="PATTERN",
    callback=options.globs,
    help="Only models that match this pattern, such as 'openai/*'.",
)
@options.since
@options.limit
@options.as_json
@click.pass_context
def events(
    context: click.Context,
    kind: Globs,
    model: Globs,
    since: datetime | None,
    limit: int,
    *,
    for_machines: bool,
) -> None:
    """List events, newest last."""
    is_limited = since is None or context.get_parameter_source("limit") is not ParameterSource.DEFAULT
    with Store.read(options.load(context.obj, options.READING).store) as store:
        found = chosen(store, kind, model, limit if is_limited else None, since)
        nothing = "" if found else _nothing(store.event_subjects(), kind, model)
    if for_machines:
        for event in found:
            click.echo(as_json.written(as_data(event)))
    elif found:
        terminal.events(found)
    else:
        terminal.note(nothing)


def _nothing(subjects: Sequence[str], kind: Globs, model: Globs) -> str:
    """Say why there is no event to show."""
    if not subjects:
        return "No events yet."
    if any(model.matches(subject) for subject in subjects):
        return f"No events of kind {kind} yet."
    close = closest(str(model), subjects)
    return f"No events about {model} yet{f'; did you mean {close}?' if close else '.'}"


@click.command()
@click.argument("model")
@click.option("--csv", "is_csv", is_flag=True, help="Print comma-separated values.")
@options.as_json
@click.pass_obj
def history(path: Path | None, model: str, *, is_csv: bool, for_machines: bool) -> None:
    """Show the history of MODEL.

    Lists prices, context length, expiration date and presence as OpenRouter listed them, reported or not.
    """
    with Store.read(options.load(path, options.READING).store) as store:
        entries = store.history(model)
        known = store.state().items
    if not entries:
        raise unknown(model, known)
    if for_machines:
        for entry in entries:
            click.echo(as_json.written(as_json.history(entry)))
    elif is_csv:
        as_csv.history(entries)
    else:
        terminal.history(entries)


def unknown(model: str, known: Iterable[str]) -> NotFoundError:
    """Return the error for a name that is neither a model nor an event."""
    close = closest(model, known)
    hint = f"; did you mean {close}?" if close else ""
    return NotFoundError(f"no model or event named {model!r}{hint}")

"""The command that lists messages and requeues dead letters."""

import re
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.reports import as_json
from watcher.service.clock import utc_now
from watcher.store.store import Store


@click.command()
@click.option("--retry", metavar="ID|all", help="Requeue one dead letter, or all of them.")
@options.limit
@options.as_json
@click.pass_obj
def outbox(path: Path | None, retry: str | None, limit: int, *, for_machines: bool) -> None:
    """List messages; requeue dead letters."""
    with Store.read(options.load(path, options.READING).store) as store:
        if retry is not None:
            _requeue(store, retry)
            return
        messages = store.outbox.messages(limit=limit)[::-1]
    if for_machines:
        for message in messages:
            click.echo(as_json.written(as_json.delivery(message)))
    elif messages:
        terminal.outbox(messages)
    else:
        terminal.note("No messages yet.")


def _requeue(store: Store, which: str) -> None:
    ids = None if which == "all" else [_id(which)]
    if number := store.outbox.retry(ids, utc_now()):
        terminal.note(f"requeued {number}; a running service sends within a minute", "green")
    else:
        terminal.note("No dead letters.", "green")


def _id(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        message = "--retry takes a message id or `all`"
        raise click.UsageError(message)
    return int(text)

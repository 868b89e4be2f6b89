"""The messages, and requeueing dead ones."""

from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.reports import as_json
from watcher.service.clock import utc_now
from watcher.store.store import Store


@click.command()
@click.option("--retry", metavar="NO|all", help="Queue a dead message again, or all of them.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@options.as_json
@click.pass_obj
def outbox(path: Path | None, retry: str | None, limit: int, *, for_machines: bool) -> None:
    """List messages; queue dead ones again."""
    with Store.read(options.load(path).store) as store:
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


def _number(text: str) -> int:
    if not text.isdecimal():
        message = "--retry takes a message's number or `all`"
        raise click.UsageError(message)
    return int(text)

"""The command that lists what was sent."""

from datetime import datetime
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.domain.errors import NotFoundError
from watcher.reports import as_json
from watcher.reports.sent import sendings
from watcher.store.store import Store
from watcher.text.suggest import closest


@click.command()
@click.option("--channel", metavar="NAME", help="Only what went to this channel.")
@options.since
@options.limit
@options.as_json
@click.pass_obj
def log(
    path: Path | None, channel: str | None, since: datetime | None, limit: int, *, for_machines: bool
) -> None:
    """List what was sent to whom, when, and whether it arrived, newest last.

    With what the provider answered, how often it was tried, and what was sent as one message. What has not
    been tried yet is in `watcher outbox`.

    \b
    Examples:
      watcher log --channel team --limit 10
      watcher log --since 2026-11-20 --json
    """
    config = options.load(path, options.READING)
    with Store.read(config.store) as store:
        names = {*config.channels, *store.outbox.channels()}
        if channel is not None and channel not in names:
            close = closest(channel, names)
            hint = f"; did you mean {close}?" if close else ""
            message = f"nothing was ever sent to a channel named {channel!r}{hint}"
            raise NotFoundError(message)
        found = sendings(store.outbox.tried(channel, since, limit)[::-1])
    if for_machines:
        for sending in found:
            click.echo(as_json.written(sending.as_json()))
    elif found:
        terminal.log(found)
    else:
        terminal.note("Nothing was sent yet." if since is None else "Nothing was sent since then.")

"""The command that shows the health of sources, channels and store."""

import json
import sys
from pathlib import Path

import click

from watcher.cli import options, status_tables
from watcher.reports.status import report
from watcher.service.clock import utc_now
from watcher.store.store import Store


@click.command()
@options.as_json
@click.pass_obj
def status(path: Path | None, *, for_machines: bool) -> None:
    """Show the health of sources, channels and store.

    Exits with 3 if something is wrong.
    """
    config = options.load(path, options.READING)
    with Store.read(config.store) as store:
        found = report(config, store, utc_now())
    if for_machines:
        click.echo(json.dumps(found.as_json()))
    else:
        status_tables.status(found)
    sys.exit(0 if found.is_healthy else 3)

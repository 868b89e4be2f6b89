"""The store as a file."""

from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.store.store import Store


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup(path: Path | None, target: Path) -> None:
    """Copy the store to FILE, also while the service runs.

    To restore: stop the service, put the copy in the store's place, remove -wal and -shm beside it, start.
    """
    with Store.read(options.load(path).store) as store:
        store.backup(target)
    terminal.note(f"{target}: a whole copy, {target.stat().st_size / 1e6:.1f} MB", "green")

"""The command that backs up the store."""

from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.store.store import Store


def _new(_context: click.Context, _argument: click.Parameter, target: Path) -> Path:
    """Return a file that can be written without losing another."""
    if target.is_dir():
        message = f"{target} is a folder; name a file in it"
        raise click.BadParameter(message)
    if target.exists():
        message = f"{target} already exists; choose another name"
        raise click.BadParameter(message)
    if not target.parent.is_dir():
        message = f"the folder {target.parent} does not exist"
        raise click.BadParameter(message)
    return target


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path), callback=_new)
@click.pass_obj
def backup(path: Path | None, target: Path) -> None:
    """Copy the store to FILE, even while the service runs.

    To restore: stop the service, replace the store with the copy, remove the -wal and -shm files next to it,
    and start the service.
    """
    with Store.read(options.load(path, options.READING).store) as store:
        store.backup(target)
    terminal.note(f"{target}: backup complete, {target.stat().st_size / 1e6:.1f} MB", "green")

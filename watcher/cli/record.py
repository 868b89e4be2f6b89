"""The command that keeps answers for replays, without rules or channels."""

import gc
import signal
from dataclasses import replace
from pathlib import Path

import click

from watcher.cli import options
from watcher.config.config import Record
from watcher.config.schema import POLL, in_range, size
from watcher.news.settings import Settings
from watcher.rules.values import Duration
from watcher.service.loop import Service
from watcher.store.store import Store

STORE = "watcher.db"


def _duration(_context: click.Context, _option: click.Parameter, value: str | None) -> Duration | None:
    try:
        return None if value is None else Duration.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _pause(context: click.Context, option: click.Parameter, value: str | None) -> Duration | None:
    pause = _duration(context, option, value)
    try:
        return pause and in_range(pause, *POLL)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _size(_context: click.Context, _option: click.Parameter, value: str) -> int:
    try:
        return size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--every", callback=_pause, help="Poll this often [default: `poll` of the configuration].")
@click.option("--keep", default="30d", show_default=True, callback=_duration, help="Delete what is older.")
@click.option(
    "--limit", default="500MB", show_default=True, callback=_size, help="Delete the oldest above this."
)
@click.pass_obj
def record(path: Path | None, folder: Path, every: Duration | None, keep: Duration, limit: int) -> None:
    """Poll, and keep the answers in DIR for `watcher replay`.

    Reports nothing. If a service is running, give it the key `record` instead, so that it keeps its own
    answers and nothing is requested twice.
    """
    given = options.load(path, options.POLLING)
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    config = replace(
        given,
        poll=every.time if every else given.poll,
        store=folder / STORE,
        channels={},
        settings=Settings((), given.settings.policy),
        heartbeat=None,
        listen=None,
        record=Record(folder, keep.time, limit),
        warnings=(),
    )
    with Store.open(config.store) as store:
        service = Service(config, store)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.end())
        gc.freeze()
        service.run()

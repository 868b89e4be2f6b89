"""Options that several commands share, and the configuration that they use."""

import os
from collections.abc import Collection
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import click

from watcher.cli import local_time
from watcher.config import load as configuration
from watcher.config.config import Config
from watcher.config.mistakes import did_you_mean
from watcher.config.variables import TEXTS
from watcher.domain.delivery import Channel
from watcher.domain.errors import NotFoundError
from watcher.domain.kinds import Kind
from watcher.rules.values import Globs

READING = ("store",)  # what must be there for a command that only reads the store
POLLING = ("store", "sources")  # and for one that also asks the sources
MOST = 1_000_000
TIME, TIME_FORM = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%MZ"]), "YYYY-MM-DD[THH:MMZ]"


def utc(_context: click.Context, _option: click.Parameter, value: datetime | None) -> datetime | None:
    """Return the time that an option was given, which is in UTC."""
    return value.replace(tzinfo=UTC) if value else None


as_json = click.option("--json", "for_machines", is_flag=True, help="Print one JSON object per line.")
init = click.option("--init", is_flag=True, help="Create a new store if the old one was lost.")
since = click.option(
    "--since", type=TIME, callback=utc, metavar=TIME_FORM, help="Only what happened since this time (UTC)."
)
limit = click.option(
    "--limit",
    type=click.IntRange(1, MOST),
    default=50,
    show_default=True,
    help="Show at most this many, the newest.",
)


def kinds(context: click.Context, option: click.Parameter, value: str) -> Globs:
    """Return the pattern of event kinds that an option was given; one that no kind matches is a mistake."""
    pattern = value.removeprefix("!")
    if not any(fnmatchcase(kind, pattern) for kind in Kind):
        message = f'there is no event "{value}"{did_you_mean(pattern, [*Kind])}'
        raise click.BadParameter(message)
    return globs(context, option, value)


def globs(_context: click.Context, _option: click.Parameter, value: str) -> Globs:
    """Return the pattern that an option was given, with the meaning that it has in a rule."""
    try:
        return Globs.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def load(path: Path | None, needed: Collection[str] = TEXTS) -> Config:
    """Return the configuration to use: `path`, `$WATCHER_CONFIG` or `./rules.yaml`. Raises ConfigError.

    Secrets may be missing except under the keys `needed`: who only reads the store has none. From then on,
    times are printed in its time zone.
    """
    config = configuration.load(configuration.find(path, os.environ, Path.cwd()), os.environ, needed)
    local_time.use(config.settings.zone)
    return config


def channel(config: Config, name: str) -> Channel:
    """Return the channel that an option names. Raises NotFoundError."""
    if name not in config.channels:
        message = f"no channel named {name!r}; configured channels: {', '.join(config.channels)}"
        raise NotFoundError(message)
    return config.channels[name]

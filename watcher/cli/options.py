"""Options that several commands share, and the configuration that they use."""

import os
from pathlib import Path

import click

from watcher.config import load as configuration
from watcher.config.config import Config
from watcher.rules.values import Globs

as_json = click.option("--json", "for_machines", is_flag=True, help="Print one JSON object per line.")
init = click.option("--init", is_flag=True, help="Create a new store if the old one was lost.")
limit = click.option("--limit", default=50, show_default=True, help="Show at most this many, the newest.")


def globs(_context: click.Context, _option: click.Parameter, value: str) -> Globs:
    """Return the pattern that an option was given, with the meaning that it has in a rule."""
    try:
        return Globs.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def load(path: Path | None) -> Config:
    """Return the configuration to use: `path`, `$WATCHER_CONFIG` or `./rules.yaml`. Raises ConfigError."""
    return configuration.load(configuration.find(path, os.environ, Path.cwd()), os.environ)

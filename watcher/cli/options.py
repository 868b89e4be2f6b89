"""Options that several commands have, and the configuration that they name."""

import os
from pathlib import Path

import click

from watcher.config import load as configuration
from watcher.config.config import Config

as_json = click.option("--json", "for_machines", is_flag=True, help="One JSON object a line, for machines.")
init = click.option("--init", is_flag=True, help="Start anew where the store was lost.")


def load(path: Path | None) -> Config:
    """Return the configuration to use. Raises ConfigError."""
    return configuration.load(configuration.find(path, os.environ, Path.cwd()), os.environ)

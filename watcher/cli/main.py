"""The command line: its commands, each loaded when it is called, its options and exit codes."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from watcher import __version__
from watcher.domain.errors import WatcherError
from watcher.service import logs

COMMANDS = {
    "backup": "store",
    "check": "configuration",
    "demo": "demo",
    "events": "record",
    "explain": "record",
    "history": "record",
    "once": "service",
    "outbox": "outbox",
    "replay": "replay",
    "run": "service",
    "schema": "configuration",
    "status": "status",
    "test": "configuration",
}
"""The module that has each command, as a function of its name."""
EXIT_CODES = """\b
Exit codes:
  0   done; for `status`: healthy
  1   it could not be done (no answer, nothing by that name, not delivered)
  2   the command line cannot be understood
  3   `status` only: not healthy
  65  the store is missing, damaged, foreign, or from a newer version
  74  the store cannot be used at present (full, locked, read-only)
  75  another watcher holds the store
  78  the configuration cannot be used
"""


class Commands(click.Group):
    """Loads a command when it is called; turns our errors into one clear line each and their exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Name all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command from its module."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"watcher.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WatcherError as error:
            for line in str(error).splitlines():
                colour = None if not os.environ.get("NO_COLOR") else False
                click.secho(f"watcher: {line}", err=True, fg="red", color=colour)
            ctx.exit(error.exit_code)


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="watcher")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="Rules file [default: $WATCHER_CONFIG, ./rules.yaml]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@click.option(
    "--log-format",
    type=click.Choice(logs.FORMATS),
    help="How to log [default: journal under systemd, else plain]",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None, log_format: str | None, *, verbose: bool) -> None:
    """Watch OpenRouter's model catalog and tell people what changed.

    \b
    Examples:
      watcher demo                     ten seconds of alerts, no network needed
      watcher check                    is my rules.yaml right, and what does it mean?
      watcher run                      the service
      watcher replay recordings/       what would these rules have told?
    """
    ctx.obj = path
    logs.set_up(log_format, verbose=verbose)

"""The command line: its commands, options and exit codes."""

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from watcher import __version__
from watcher.cli.encoding import show_any_text
from watcher.domain.errors import WatcherError
from watcher.service import logs
from watcher.text.clean import LONGEST

NO_OUTPUT = {errno.ENOSPC, errno.EBADF, errno.EIO}  # a closed pipe is no error: click ends without a word
COMMANDS = {
    "ack": "mutes",
    "backup": "store",
    "check": "configuration",
    "demo": "demo",
    "events": "events",
    "explain": "explain",
    "history": "events",
    "log": "log",
    "mute": "mutes",
    "once": "service",
    "outbox": "outbox",
    "preview": "preview",
    "record": "record",
    "replay": "replay",
    "report": "report",
    "run": "service",
    "schema": "configuration",
    "status": "status",
    "test": "configuration",
    "unmute": "mutes",
}
"""The module of each command, which is a function of the same name there."""
EXIT_CODES = """\b
Exit codes:
  0   success; for `status`: healthy
  1   failed (no answer, not found or not delivered)
  2   invalid command line
  3   `status` only: not healthy
  65  the store is missing, damaged, not watcher's, or from another version
  74  the store is temporarily unusable (full, locked, read-only)
  75  another watcher is using the store
  78  the configuration is invalid
"""


class Commands(click.Group):
    """Imports a command only when it is called; turns watcher's errors into lines and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names of all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command from its module, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"watcher.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WatcherError as error:
            _complain(str(error))
            ctx.exit(error.exit_code)
        except OSError as error:
            if isinstance(error.filename, str | Path):
                _complain(f"{str(error.filename)[:LONGEST]}: {error.strerror}")
            elif error.errno in NO_OUTPUT:
                _complain(f"cannot write the output: {error.strerror}")
            else:
                raise
            ctx.exit(1)


def _complain(words: str) -> None:
    for line in words.splitlines():
        color = False if os.environ.get("NO_COLOR") else None
        click.secho(f"watcher: {line}", err=True, fg="red", color=color)


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="watcher")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="Configuration file [default: $WATCHER_CONFIG, ./rules.yaml]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every poll.")
@click.option(
    "--log-format",
    type=click.Choice(logs.FORMATS),
    help="Log format [default: journal under systemd, else plain]",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None, log_format: str | None, *, verbose: bool) -> None:
    """Monitor OpenRouter's model catalog and report what changes.

    \b
    Examples:
      watcher demo                     a ten-second demo, no network needed
      watcher check                    validate rules.yaml and explain it
      watcher run                      run the service
      watcher replay recordings/       see what the rules would have reported
    """
    ctx.obj = path
    show_any_text(sys.stdout)
    logs.set_up(log_format, verbose=verbose)

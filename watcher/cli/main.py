"""The command line: its options, its exit codes, the service. Other commands are loaded when they are called.

What the service does not import does not take its memory.
"""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from watcher import __version__
from watcher.cli.options import init, load
from watcher.config.config import Config
from watcher.domain.errors import WatcherError
from watcher.domain.observer import Telemetry
from watcher.service import logs
from watcher.service.loop import Service
from watcher.store.store import Store

COMMANDS = {
    "backup": "record",
    "check": "act",
    "demo": "act",
    "events": "record",
    "explain": "record",
    "history": "record",
    "once": "act",
    "outbox": "record",
    "replay": "record",
    "schema": "act",
    "status": "record",
    "test": "act",
}
"""Where each command is defined, as a function by its name."""
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

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return sorted([*super().list_commands(ctx), *COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command, from its module where it is not defined here."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
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


@main.command()
@init
@click.pass_obj
def run(path: Path | None, *, init: bool) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    SIGHUP has it read the configuration anew.

    \b
    Example:
      watcher --config /etc/watcher/rules.yaml run
    """
    settings = load(path)
    with Store.open(settings.store, init=init) as store, measured(settings) as telemetry:
        service = Service(settings, store, load=lambda: load(path), telemetry=telemetry)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.end())
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        gc.freeze()  # what is loaded stays; to look for garbage in it would be a seventh of the work
        service.run()


@contextmanager
def measured(settings: Config) -> Iterator[Telemetry]:
    """Serve metrics where the configuration wants it; they take memory that others need not pay."""
    if settings.listen is None:
        yield Telemetry()
        return
    from watcher.service import metrics  # noqa: PLC0415 - see above
    from watcher.web import server  # noqa: PLC0415 - see above

    found = metrics.Metrics()
    with server.serve(found, *settings.listen):
        yield found

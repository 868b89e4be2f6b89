"""The commands: words in, words out; what they do is done elsewhere."""

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click

from watcher import __version__, config, config_shape, deliver, demo, display, json_output, logs
from watcher.cli_record import COMMANDS, as_json, load
from watcher.describe import describe
from watcher.domain import Delivery, OutboxState, Plan, State, Verdict
from watcher.errors import ConfigError, NotFoundError, WatcherError
from watcher.plan import plan
from watcher.polling import failures, look, summary
from watcher.service import Service, utc_now
from watcher.store import Store

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
    """Turns our errors into one clear line each and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WatcherError as error:
            for line in str(error).splitlines():
                display.note(f"watcher: {line}", "red")
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


init = click.option("--init", is_flag=True, help="Start anew where the store was lost.")


@main.command()
@init
@click.pass_obj
def run(path: Path | None, *, init: bool) -> None:
    """Run the service until SIGTERM or Ctrl-C; SIGHUP has it read the configuration anew.

    \b
    Example:
      watcher --config /etc/watcher/rules.yaml run
    """
    settings = load(path)
    with Store.open(settings.store, init=init) as store:
        service = Service(settings, store, load=lambda: load(path))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.end())
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        service.run()


@main.command()
@click.option("--dry-run", is_flag=True, help="Show what would be told; remember and send nothing.")
@init
@as_json
@click.pass_obj
def once(path: Path | None, *, dry_run: bool, init: bool, as_json: bool) -> None:
    """Poll once, deliver, and end.

    Fails where a source gave no good answer.
    """
    settings = load(path)
    if dry_run:
        poll = look(settings.sources, utc_now())
        before = _state(settings.store)
        decided = plan(before, poll, settings.settings)
        _show_plan(decided, as_json=as_json)
        display.note(summary(before, poll, decided))
    else:
        with Store.open(settings.store, init=init) as store:
            service = Service(settings, store)
            service.resume()
            poll = service.poll()
            service.deliver()
    sys.exit(1 if failures(poll) else 0)


def _state(path: Path) -> State:
    """Read what is remembered, if anything is."""
    if not path.exists():
        return State()
    with Store.read(path) as store:
        return store.state()


def _show_plan(decided: Plan, *, as_json: bool) -> None:
    if as_json:
        for line in json_output.lines(decided):
            click.echo(line)
        return
    for event in decided.events:
        display.line(f"{event.kind:22} {describe(event)}")
    for told in decided.notifications:
        display.line(f"{told.channel} would be told ({', '.join(told.rules)}): {told.title}", "bold")


@main.command()
@click.pass_obj
def check(path: Path | None) -> None:
    """Validate the configuration, and explain it."""
    settings = load(path)
    for line in config.explain(settings):
        display.line(line)
    for warning in settings.warnings:
        display.note(f"warning: {warning}")
    problems = [
        f"{name}: {said}" for name, channel in settings.channels.items() if (said := deliver.check(channel))
    ]
    if problems:
        raise ConfigError(problems)
    display.line("The configuration is good.", "green")


@main.command()
@click.argument("channel")
@click.pass_obj
def test(path: Path | None, channel: str) -> None:
    """Send a sample to CHANNEL.

    Says what came of it.
    """
    settings = load(path)
    if channel not in settings.channels:
        known = ", ".join(settings.channels)
        message = f"there is no channel {channel!r}; the configuration has: {known}"
        raise NotFoundError(message)
    now = utc_now()
    sample = Delivery(0, demo.sample(channel, now), OutboxState.SENDING, 1, now)
    [outcome] = deliver.deliver([(settings.channels[channel], sample)])
    if outcome.verdict is not Verdict.SENT:
        message = f"{channel}: not delivered: {outcome.reason}"
        raise WatcherError(message)
    display.note(f"{channel}: delivered", "green")


@main.command(name="demo")
def demo_command() -> None:
    """Show ten seconds of made-up alerts.

    The real service on a small catalog on loopback: no network, no account.
    """
    logging.getLogger("watcher").setLevel(logging.WARNING)  # the show is about the alerts
    demo.run(lambda line: display.note(f"\n-- {line}", "cyan"))


@main.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml, for editors."""
    click.echo(json.dumps(config_shape.schema(), indent=2))


for command in COMMANDS:
    main.add_command(command)

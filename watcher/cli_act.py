"""The commands that do something; those that look at what was and will be told are in `cli_record.py`."""

import json
import logging
import sys
from pathlib import Path

import click

from watcher import config, config_shape, deliver, display, json_output
from watcher import demo as show
from watcher.channels import Delivery, OutboxState, Verdict
from watcher.cli_options import as_json, init, load
from watcher.describe import describe
from watcher.domain import Plan, State
from watcher.errors import ConfigError, NotFoundError, WatcherError
from watcher.plan import plan
from watcher.polling import failures, look, summary
from watcher.service import Service, utc_now
from watcher.store import Store


@click.command()
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


@click.command()
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


@click.command()
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
    sample = Delivery(0, show.sample(channel, now), OutboxState.SENDING, 1, now)
    [outcome] = deliver.deliver([(settings.channels[channel], sample)])
    if outcome.verdict is not Verdict.SENT:
        message = f"{channel}: not delivered: {outcome.reason}"
        raise WatcherError(message)
    display.note(f"{channel}: delivered", "green")


@click.command()
def demo() -> None:
    """Show ten seconds of made-up alerts.

    The real service on a small catalog on loopback: no network, no account.
    """
    logging.getLogger("watcher").setLevel(logging.WARNING)  # the show is about the alerts
    show.run(lambda line: display.note(f"\n-- {line}", "cyan"))


@click.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml, for editors."""
    click.echo(json.dumps(config_shape.schema(), indent=2))

"""The commands that do something; those that look at what was and will be told are in `record.py`."""

import json
import logging
import sys
from pathlib import Path

import click

from watcher.cli import demo as show
from watcher.cli import options, terminal
from watcher.cli.options import init, load
from watcher.config import config
from watcher.config import schema as shape
from watcher.delivery import transport
from watcher.domain.catalog import Plan, State
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.errors import ConfigError, NotFoundError, WatcherError
from watcher.messages.lines import describe
from watcher.news.plan import plan
from watcher.reports import as_json
from watcher.service.loop import Service, utc_now
from watcher.sources.ask import failures, look, summary
from watcher.store.store import Store


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be told; remember and send nothing.")
@init
@options.as_json
@click.pass_obj
def once(path: Path | None, *, dry_run: bool, init: bool, for_machines: bool) -> None:
    """Poll once, deliver, and end.

    Fails where a source gave no good answer.
    """
    settings = load(path)
    if dry_run:
        poll = look(settings.sources, utc_now())
        before = _state(settings.store)
        decided = plan(before, poll, settings.settings)
        _show_plan(decided, for_machines=for_machines)
        terminal.note(summary(before, poll, decided))
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


def _show_plan(decided: Plan, *, for_machines: bool) -> None:
    if for_machines:
        for line in as_json.lines(decided):
            click.echo(line)
        return
    for event in decided.events:
        terminal.line(f"{event.kind:22} {describe(event)}")
    for told in decided.notifications:
        terminal.line(f"{told.channel} would be told ({', '.join(told.rules)}): {told.title}", "bold")


@click.command()
@click.pass_obj
def check(path: Path | None) -> None:
    """Validate the configuration, and explain it."""
    settings = load(path)
    for line in config.explain(settings):
        terminal.line(line)
    for warning in settings.warnings:
        terminal.note(f"warning: {warning}")
    problems = [
        f"{name}: {said}" for name, channel in settings.channels.items() if (said := transport.check(channel))
    ]
    if problems:
        raise ConfigError(problems)
    terminal.line("The configuration is good.", "green")


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
    [outcome] = transport.deliver([(settings.channels[channel], sample)])
    if outcome.verdict is not Verdict.SENT:
        message = f"{channel}: not delivered: {outcome.reason}"
        raise WatcherError(message)
    terminal.note(f"{channel}: delivered", "green")


@click.command()
def demo() -> None:
    """Show ten seconds of made-up alerts.

    The real service on a small catalog on loopback: no network, no account.
    """
    logging.getLogger("watcher").setLevel(logging.WARNING)  # the show is about the alerts
    show.run(lambda line: terminal.note(f"\n-- {line}", "cyan"))


@click.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml, for editors."""
    click.echo(json.dumps(shape.schema(), indent=2))

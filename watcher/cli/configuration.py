"""The commands that do something; those that look at what was and will be told are in `record.py`."""

import json
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.config import explain
from watcher.config import schema as shape
from watcher.delivery import transport
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.errors import ConfigError, NotFoundError, WatcherError
from watcher.messages import sample
from watcher.service.clock import utc_now


@click.command()
@click.pass_obj
def check(path: Path | None) -> None:
    """Validate the configuration, and explain it."""
    config = options.load(path)
    for line in explain.explain(config):
        terminal.line(line)
    for warning in config.warnings:
        terminal.note(f"warning: {warning}")
    problems = [
        f"{name}: {said}" for name, channel in config.channels.items() if (said := transport.check(channel))
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
    config = options.load(path)
    if channel not in config.channels:
        known = ", ".join(config.channels)
        message = f"there is no channel {channel!r}; the configuration has: {known}"
        raise NotFoundError(message)
    now = utc_now()
    told = Delivery(0, sample.sample(channel, now), OutboxState.SENDING, 1, now)
    [outcome] = transport.deliver([(config.channels[channel], told)])
    if outcome.verdict is not Verdict.SENT:
        message = f"{channel}: not delivered: {outcome.reason}"
        raise WatcherError(message)
    terminal.note(f"{channel}: delivered", "green")


@click.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml, for editors."""
    click.echo(json.dumps(shape.schema(), indent=2))

"""The commands about the configuration: check it, try its channels, print its schema."""

import json
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.config import explain
from watcher.config import schema as shape
from watcher.config.variables import TEXTS
from watcher.delivery import transport
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.errors import ConfigError, NotFoundError, WatcherError
from watcher.messages import trial
from watcher.rules.reach import Known
from watcher.service.clock import utc_now
from watcher.store.store import Store


@click.command()
@click.option("--strict", is_flag=True, help="A missing variable or file is a mistake, not a warning.")
@click.pass_obj
def check(path: Path | None, *, strict: bool) -> None:
    """Validate and explain the configuration.

    Explains your file in plain English, or lists every mistake with its line and the fix. With a store,
    counts the models that each rule matches. Secrets may be missing where the service does not run; use
    `--strict` where it does.
    """
    config = options.load(path, TEXTS if strict else options.READING)
    known, unread = _known(config.store)
    for line in explain.explain(config, known):
        terminal.line(line)
    unmatched = explain.unmatched(config, known) if known else []
    for warning in (*config.missing.values(), *config.warnings, *unread, *unmatched):
        terminal.note(f"warning: {warning}")
    checked = {
        name: transport.check(channel)
        for name, channel in config.channels.items()
        if not config.missing_of(name)
    }
    if problems := [f"{name}: {problem}" for name, problem in checked.items() if problem]:
        raise ConfigError(problems)
    missing = ", apart from what is missing here" if config.missing else ""
    terminal.line(f"The configuration is valid{missing}.", "green")


def _known(path: Path) -> tuple[Known | None, list[str]]:
    """Return what the store knows, or why it cannot be read; a missing store is no problem."""
    try:
        with Store.read(path) as store:
            state = store.state()
    except NotFoundError:
        return None, []
    except (WatcherError, OSError) as error:
        return None, [f"the models that rules match are not counted: {error}"]
    return Known.of_state(state.items, state.markets), []


@click.command()
@click.argument("channel")
@click.pass_obj
def test(path: Path | None, channel: str) -> None:
    """Send a sample message to CHANNEL.

    Reports whether it was delivered.
    """
    config = options.load(path, options.READING)
    chosen = options.channel(config, channel)
    if missing := config.missing_of(channel):
        raise ConfigError(missing)
    now = utc_now()
    message = Delivery(0, trial.trial(channel, now, config.settings.zone), OutboxState.SENDING, 1, now)
    [outcome] = transport.deliver([(chosen, message)])
    if outcome.verdict is not Verdict.SENT:
        reason = f"{channel}: not delivered: {outcome.reason}"
        raise WatcherError(reason)
    terminal.note(f"{channel}: delivered", "green")


@click.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml for editors."""
    click.echo(json.dumps(shape.schema(), indent=2))

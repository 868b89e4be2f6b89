"""The commands that poll and deliver: once, or as a service until stopped."""

import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.config.config import Config
from watcher.config.variables import TEXTS
from watcher.domain.errors import NotFoundError
from watcher.domain.observer import Telemetry
from watcher.domain.polls import Plan, State
from watcher.messages.lines import describe
from watcher.news.plan import plan
from watcher.reports import as_json
from watcher.reports.outgoing import Outgoing
from watcher.service import logs
from watcher.service.clock import utc_now
from watcher.service.loop import Service
from watcher.service.store_trouble import told_of
from watcher.sources.ask import failures, look, summary
from watcher.store.store import Store


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be reported; store and send nothing.")
@click.option("--quiet", is_flag=True, help="Print nothing but problems (and messages to a console).")
@options.init
@options.as_json
@click.pass_obj
def once(path: Path | None, *, dry_run: bool, quiet: bool, init: bool, for_machines: bool) -> None:
    """Poll once, send what is due, and exit.

    Exits with 1 if a source gave no good answer.
    """
    if quiet:
        logs.only_problems()
    config = options.load(path, options.POLLING if dry_run else TEXTS)
    if dry_run:
        poll = look(config.sources, utc_now())
        with _state(config.store) as before:
            decided = plan(before, poll, config.settings)
        poll = replace(poll, answers=decided.answers)
        outgoing = Outgoing(config.settings.zone)
        sent = outgoing.sent(decided, poll.at)
        _show_plan(replace(decided, notifications=(*sent, *outgoing.held)), for_machines=for_machines)
        if not quiet or failures(poll):
            terminal.note(summary(before, poll, decided))
    else:
        with told_of(config), Store.open(config.store, init=init) as store:
            service = Service(config, store)
            service.resume()
            poll = service.poll()
            service.deliver()
            if not poll.is_clock_wrong:
                service.ask_providers()
    sys.exit(1 if failures(poll) else 0)


@contextmanager
def _state(path: Path) -> Iterator[State]:
    """Yield the state in the store, or an empty one if there is no store yet."""
    try:
        store = Store.read(path)
    except NotFoundError:
        yield State()
        return
    with store:
        yield store.state()


def _show_plan(decided: Plan, *, for_machines: bool) -> None:
    if for_machines:
        for line in as_json.lines(decided):
            click.echo(line)
        return
    for event in decided.events:
        terminal.line(f"{event.kind:22} {describe(event)}")
    for message in decided.notifications:
        when = f", {message.digest}" if message.due else ""
        terminal.line(
            f"would send to {message.channel} ({', '.join(message.rules)}){when}: {message.title}", "bold"
        )


@click.command()
@options.init
@click.pass_obj
def run(path: Path | None, *, init: bool) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    SIGHUP reloads the configuration.

    \b
    Example:
      watcher --config /etc/watcher/rules.yaml run
    """
    config = options.load(path)
    with told_of(config), Store.open(config.store, init=init) as store, measured(config) as telemetry:
        service = Service(config, store, load=lambda: options.load(path), telemetry=telemetry)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.end())
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        gc.freeze()  # imported code is never garbage; searching it would be a seventh of a poll's work
        try:
            service.run()
        finally:  # what is still printed may block; then a second signal ends it
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)


@contextmanager
def measured(config: Config) -> Iterator[Telemetry]:
    """Serve metrics and health if the configuration has `listen`; else not even import them."""
    if config.listen is None:
        yield Telemetry()
        return
    from watcher.service import metrics  # noqa: PLC0415 - they take memory
    from watcher.web import server  # noqa: PLC0415

    found = metrics.Metrics()
    with server.serve(found, *config.listen):
        yield found

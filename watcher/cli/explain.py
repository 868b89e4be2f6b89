"""The command that explains a model or an event: what providers ask, what waits, and who is told."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from watcher.cli import explain_tables, options, terminal
from watcher.cli.events import unknown
from watcher.config.config import Config
from watcher.domain.catalog import Item
from watcher.domain.delivery import OutboxState
from watcher.domain.news import Event
from watcher.domain.polls import Health, State
from watcher.domain.providers import Market
from watcher.news import market as markets
from watcher.news.asking import next_at
from watcher.news.holds import Moment
from watcher.news.outlook import Waiting, outlook
from watcher.reports import as_json
from watcher.reports.explain import RuleCheck, check_rules
from watcher.reports.fates import Queue, Telling, tellings
from watcher.reports.providers import Providers, providers
from watcher.service.clock import utc_now
from watcher.service.endpoints import wish_of
from watcher.store.store import Store

Waits = Sequence[tuple[Waiting, Sequence[RuleCheck]]]
Told = Sequence[tuple[Event, Sequence[RuleCheck], Sequence[Telling]]]


@click.command()
@click.argument("name", metavar="EVENT|MODEL")
@options.as_json
@click.pass_obj
def explain(path: Path | None, name: str, *, for_machines: bool) -> None:
    """Explain a model, or what became of an event.

    Shows what each provider asks for a model, what is on hold and until when, the model's latest event, which
    rules match it, and for each channel whether and when it was told, or until when and why it was not.

    \b
    Examples:
      watcher explain openai/gpt-4o
      watcher explain 3f2a9c41d07b
    """
    config = options.load(path, options.READING)
    now = utc_now()
    with Store.read(config.store) as store:
        state = store.state()
        events = store.event(name) or store.events([name], limit=1)
        told = [_told(config, store, event, now) for event in events]
    unreadable = state.unreadable.get(name)
    if not events and not unreadable and name not in state.items:
        raise unknown(name, state.items)
    known = _providers(config, state, name, now) if name in state.items else None
    rules = config.settings.rules
    waits = [
        (wait, check_rules(wait.event, rules, state.base_prices))
        for wait in waits_of(config, state, name, now)
    ]
    if for_machines:
        _write(name, known, unreadable, waits, told)
    else:
        if unreadable:
            explain_tables.unreadable(name, unreadable, now)
        _show(name, known, waits, now)
        for event, found, fates in told:
            explain_tables.explained(event, found, fates)


def _write(name: str, known: Providers | None, unreadable: Health | None, waits: Waits, told: Told) -> None:
    lines = [known.as_json(name)] if known else []
    lines += [as_json.unreadable(name, unreadable)] if unreadable else []
    lines += [as_json.waiting(wait, found) for wait, found in waits]
    lines += [as_json.explained(event, found, fates) for event, found, fates in told]
    for line in lines:
        click.echo(as_json.written(line))


def _told(
    config: Config, store: Store, event: Event, now: datetime
) -> tuple[Event, Sequence[RuleCheck], Sequence[Telling]]:
    """Check an event against the rules, and find what became of it."""
    checks = check_rules(event, config.settings.rules, {})
    waiting = store.outbox.messages([OutboxState.WAITING], limit=options.MOST)
    longest = max((channel.limit.per for channel in config.channels.values()), default=timedelta(0))
    sent = store.outbox.sent_since(now - longest)
    queues = {
        name: Queue(channel, [one for one in waiting if one.notification.channel == name], sent.get(name, []))
        for name, channel in config.channels.items()
    }
    deliveries, mutes = store.outbox.about(event.id), store.mutes.of_event(event.id)
    return event, checks, tellings(event, checks, deliveries, mutes, queues, now)


def _show(name: str, known: Providers | None, waits: Waits, now: datetime) -> None:
    if known:
        explain_tables.providers(name, known, now)
    for wait, found in waits:
        explain_tables.waiting(wait, found, now)
    if known and not waits:
        terminal.note("No changes on hold.", "green")
    terminal.line("")


def _providers(config: Config, state: State, model: str, now: datetime) -> Providers:
    market = state.markets.get(model, Market())
    is_off = config.endpoints == "off"
    wish = wish_of(config, state, now)
    following = None if is_off or model not in wish.rows else next_at(model, market, wish)
    return providers(model, state.items[model], market, following, is_off=is_off)


def waits_of(config: Config, state: State, model: str, now: datetime) -> Iterator[Waiting]:
    """Return what is on hold of a model."""
    item, market = state.items.get(model, Item()), state.markets.get(model, Market())
    policy = config.settings.policy
    yield from markets.outlook(model, market, item, now, policy.holds)
    known = market if markets.is_current(market, now) else None
    yield from outlook(model, item, Moment(now, now - config.poll), policy, market=known)

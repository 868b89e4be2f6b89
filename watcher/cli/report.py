"""The command that reports the state: what leaves, what changed, what waits."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.cli.explain import waits_of
from watcher.config.config import Config
from watcher.domain.letter import Letter
from watcher.reports import as_json, status
from watcher.reports.summary import Situation, earlier, summary
from watcher.service.clock import utc_now
from watcher.store.store import Store


def _json(title: str, letter: Letter) -> str:
    """Write it for machines."""
    return as_json.written({"type": "report", "title": title, **asdict(letter)})


def _html(title: str, letter: Letter) -> str:
    """Write it as a page, as a mail would have it."""
    from watcher.forms.mail_html import html  # noqa: PLC0415 - it takes memory and time to load

    return html(title, letter)


FORMATS: Mapping[str, Callable[[str, Letter], str]] = {"text": terminal.written, "html": _html, "json": _json}
"""How a report can be written."""


@click.command()
@options.since
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS]),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.pass_obj
def report(path: Path | None, since: datetime | None, form: str) -> None:
    """Report the state: which models leave when, what changed since a time, and what waits.

    Prices are net: what came back to where it was is left out. Without --since, it is about the last week.

    \b
    Examples:
      watcher report
      watcher report --since 2026-11-01
      watcher report --format html > report.html
    """
    config, now = options.load(path, options.READING), utc_now()
    with Store.read(config.store) as store:
        situation = _situation(config, store, since or earlier(now), now)
    click.echo(FORMATS[form](*summary(situation)))


def _situation(config: Config, store: Store, since: datetime, now: datetime) -> Situation:
    state, health = store.state(), status.report(config, store, now)
    return Situation(
        at=now,
        since=since,
        items=state.items,
        events=store.events(limit=None, since=since)[::-1],
        waits=[wait for model in state.items for wait in waits_of(config, state, model, now)],
        mutes=health.mutes,
        queues={name: counts.waiting for name, counts in health.channels.items()},
        problems=health.problems,
        zone=config.settings.zone,
    )

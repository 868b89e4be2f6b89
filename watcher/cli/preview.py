"""The command that shows what a message will look like."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.config.config import Config
from watcher.delivery.templated import in_own_words
from watcher.domain.delivery import Channel
from watcher.domain.errors import NotFoundError
from watcher.domain.kinds import KINDS, Kind
from watcher.domain.news import Event, Notification
from watcher.messages.digest import digest
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.reports.preview import payload, post_of, service_of
from watcher.service.clock import utc_now
from watcher.store.store import Store

SHOWN = (Kind.EXPIRATION_ANNOUNCED, Kind.PRICE_CHANGED, Kind.MODEL_ADDED)
IN_DIGEST = (
    Kind.MODEL_REMOVED,
    Kind.EXPIRATION_REMINDER,
    Kind.PRICE_CHANGED,
    Kind.PROVIDER_PRICE_CHANGED,
    Kind.MODEL_ADDED,
    Kind.ALIAS_RETARGETED,
    Kind.CONTEXT_CHANGED,
)
SCHEDULE = "daily at 09:00"
RULE = "Preview"


@click.command()
@click.option("--channel", metavar="NAME", help="Show what this channel's service is sent.")
@click.option("--kind", type=click.Choice([*KINDS]), metavar="KIND", help="Made-up news of one kind.")
@click.option("--event", "number", metavar="ID", help="News that was reported; see `watcher events`.")
@click.option("--digest", "is_digest", is_flag=True, help="A digest of made-up news.")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page that shows the message as Slack and a mail program will, and what others are sent.",
)
@click.pass_obj
def preview(
    path: Path | None,
    channel: str | None,
    kind: str | None,
    number: str | None,
    page: Path | None,
    *,
    is_digest: bool,
) -> None:
    """Show what a message will look like; nothing is sent.

    \b
    Examples:
      watcher preview
      watcher preview --kind price.changed --channel team
      watcher preview --digest --html preview.html
    """
    if sum([kind is not None, number is not None, is_digest]) > 1:
        message = "choose one of --kind, --event and --digest"
        raise click.UsageError(message)
    config, now = options.load(path, options.READING), utc_now()
    chosen = options.channel(config, channel) if channel else None
    name, zone = channel or "preview", config.settings.zone
    events = _events(config, kind, number, now, is_digest=is_digest)
    made = digest(name, now, events, [RULE], SCHEDULE, zone) if is_digest else None
    shown = made or notification(name, now, events, [RULE], zone=zone)
    if page:
        _write_page(shown, page)
    else:
        click.echo(_shown(shown, chosen))


def _events(
    config: Config, kind: str | None, number: str | None, now: datetime, *, is_digest: bool
) -> Sequence[Event]:
    """Return the news to show: from the store, or made up."""
    if number is not None:
        with Store.read(config.store) as store:
            found = store.event(number)
        if not found:
            message = f"no event {number!r}; see `watcher events`"
            raise NotFoundError(message)
        return found
    samples = sample_events(now)
    kinds = [KINDS[kind]] if kind else IN_DIGEST if is_digest else SHOWN
    return [samples[shown] for shown in kinds]


def _shown(message: Notification, chosen: Channel | None) -> str:
    """Write the message for a terminal, or what the channel's service is sent."""
    letter = message.letter
    if letter is None:  # messages that are newly written have one
        return message.body
    if chosen is None:
        return terminal.written(message.title, letter)
    if template := chosen.template_for(message.rules):
        title, body, warning = in_own_words(template, message.title, message.body, letter)
        return f"{title}\n\n{body}" + (f"\n\n{warning}" if warning else "")
    service = service_of(chosen.url.reveal().partition("://")[0])
    return payload(service, post_of(message, letter)) if service else terminal.written(message.title, letter)


def _write_page(message: Notification, page: Path) -> None:
    from watcher.reports.preview_page import preview_page  # noqa: PLC0415 - takes time to load

    if message.letter:
        page.write_text(preview_page(post_of(message, message.letter)), encoding="utf-8")
        terminal.note(f"{page} written", "green")

"""Times as a command prints them: in the time zone of the configuration that it uses."""

from datetime import UTC, datetime, tzinfo

import click

from watcher.text.times import show_time

ZONE = "watcher.zone"  # under which click keeps it for the command


def use(zone: tzinfo) -> None:
    """Print all times of this command in a time zone."""
    if context := click.get_current_context(silent=True):
        context.meta[ZONE] = zone


def local(at: datetime) -> str:
    """Write a time for people, in the time zone of the configuration, which is named."""
    context = click.get_current_context(silent=True)
    return show_time(at, context.meta.get(ZONE, UTC) if context else UTC)

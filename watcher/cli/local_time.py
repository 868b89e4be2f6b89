"""Times as a command prints them: in the time zone of the configuration that it uses."""

from datetime import UTC, datetime, tzinfo

import click

from watcher.text.times import show_time

ZONE = "watcher.zone"  # under which click keeps it for the command


def use(chosen: tzinfo) -> None:
    """Print all times of this command in a time zone."""
    if context := click.get_current_context(silent=True):
        context.meta[ZONE] = chosen


def zone() -> tzinfo:
    """Return the time zone of this command."""
    context = click.get_current_context(silent=True)
    found: tzinfo = context.meta.get(ZONE, UTC) if context else UTC
    return found


def local(at: datetime) -> str:
    """Write a time for people, in the time zone of this command, which is named."""
    return show_time(at, zone())

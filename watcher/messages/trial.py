"""A message for trying a channel, which cannot be taken for an alert."""

from datetime import UTC, datetime, tzinfo

from watcher.domain.letter import Entry, Letter, Role, Section, Span
from watcher.domain.news import Notification
from watcher.forms.as_text import as_text
from watcher.forms.post import TEST
from watcher.text.times import show_time, to_iso

NOTHING = "This is a test: nothing has changed, and there is nothing to do."
ALIKE = "If this were news, each line would say what changed, by how much and since when."


def trial(channel: str, at: datetime, zone: tzinfo = UTC) -> Notification:
    """Write a message for trying a channel, at `at` (UTC)."""
    number = f"test-{to_iso(at)}"
    entries = (
        Entry(TEST, "info", "", (Span("watcher can reach the channel "), Span(channel, Role.SUBJECT))),
        Entry(TEST, "info", "", (Span(NOTHING),), notes=(ALIKE,)),
    )
    letter = Letter(
        severity="info",
        preview=NOTHING,
        sections=(Section("Test of this channel", entries),),
        footer=f"Sent by watcher test · {show_time(at, zone)}",
    )
    return Notification(
        channel=channel,
        at=at,
        title=f"Test: {channel} receives messages from watcher",
        body=as_text(letter),
        rules=(),
        events=(number,),
        letter=letter,
    )

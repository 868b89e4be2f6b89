"""A message on its way to a service, and its tone: what its color, kind and priority follow from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from watcher.domain.kinds import Kind
from watcher.domain.letter import Entry, Letter

TEST = "test"
"""The kind of an entry that only tries a channel; no event has it."""
ENDS: Mapping[str, Kind] = {
    Kind.SOURCE_RECOVERED: Kind.SOURCE_FAILING,
    Kind.CHANNEL_RECOVERED: Kind.CHANNEL_FAILING,
    Kind.CONFIGURATION_RECOVERED: Kind.CONFIGURATION_FAILING,
    Kind.STORE_RECOVERED: Kind.STORE_FAILING,
    Kind.CATALOG_COMPLETE: Kind.CATALOG_INCOMPLETE,
    Kind.MODEL_READABLE: Kind.MODEL_UNREADABLE,
    Kind.MODEL_RETURNED: Kind.MODEL_REMOVED,
    Kind.EXPIRATION_WITHDRAWN: Kind.EXPIRATION_ANNOUNCED,
}
"""What each kind of good news puts an end to."""


class Tone(StrEnum):
    """How urgent something is, or that it is over."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    RECOVERED = "recovered"


COLORS: Mapping[Tone, str] = {
    Tone.CRITICAL: "#c62828",
    Tone.WARNING: "#e08e0b",
    Tone.INFO: "#1565c0",
    Tone.RECOVERED: "#2e7d32",
}
URGENCY = (Tone.CRITICAL, Tone.WARNING, Tone.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message as a service's form is made of it.

    `body` is all of it as plain text, `command` shows all of it if it is cut. `id` is the same for each
    attempt to send it, `at` its time as ISO text (UTC); `repeat`: it may have arrived before; `is_plain`: its
    body is a user's own, and takes no other form.
    """

    title: str
    body: str
    letter: Letter
    command: str = "watcher events"
    id: str = ""
    at: str = ""
    channel: str = ""
    rules: tuple[str, ...] = ()
    repeat: bool = False
    is_plain: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether there is anything to write in a service's own form."""
        return not self.is_plain and any(section.entries or section.count for section in self.letter.sections)

    @property
    def tone(self) -> Tone:
        """The tone of the whole message."""
        return tone_of(self.letter.entries)

    @property
    def page(self) -> str | None:
        """The page to open from a message about one model; None if it is about several, or none."""
        pages = {entry.link for entry in self.letter.entries}
        return pages.pop() if len(pages) == 1 else None


def tone_of(entries: Iterable[Entry]) -> Tone:
    """Return the tone of the most urgent entry; something is over only if nothing else is said."""
    found = list(entries)
    if found and all(entry.kind in ENDS for entry in found):
        return Tone.RECOVERED
    words = {entry.severity for entry in found if entry.kind not in ENDS}
    return next((tone for tone in URGENCY if tone.value in words), Tone.INFO)

"""The nouns of delivery: channels, messages in the outbox, and the outcome of sending them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from watcher.domain.news import Notification


class Secret:
    """A text that is never shown: `str` and `repr` are ***, only `reveal` returns it."""

    __slots__ = ("_fresh", "_text")

    def __init__(self, text: str, fresh: Callable[[], str] | None = None) -> None:
        """Hide the text; `fresh` returns it as it is now, or raises ValueError."""
        self._text = text
        self._fresh = fresh

    def reveal(self) -> str:
        """Return the text as it is now, or as it last was; pass it only to the process that sends."""
        if self._fresh:
            with suppress(ValueError):
                self._text = self._fresh()
        return self._text

    def __repr__(self) -> str:
        """Return stars."""
        return "***"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` in the time `per`."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, in local time of `zone`, in which only urgent messages are sent."""

    start: time
    end: time
    zone: tzinfo

    def covers(self, at: datetime) -> bool:
        """Whether a time (UTC) is within these hours, which may span midnight."""
        local = at.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Template:
    """A title and a body in Jinja2 that replace those of a message; either may be missing."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to send messages, under the name that the rules use; `zone` is that of the times in them.

    `template` is the channel's own; a message of one rule only has that of `templates`, by rule. `secret`
    signs what a webhook is sent.
    """

    name: str
    url: Secret
    limit: Rate = Rate(20, timedelta(hours=1))
    quiet: Quiet | None = None
    zone: tzinfo = UTC
    template: Template | None = None
    templates: Mapping[str, Template] = field(default_factory=dict)
    secret: Secret | None = None

    def template_for(self, rules: Sequence[str]) -> Template | None:
        """Return the template of a message that these rules report."""
        own = self.templates.get(rules[0]) if len(rules) == 1 else None
        return own or self.template


REPEAT = "[possible repeat] "
"""Begins the title of a message that may have arrived before."""


class OutboxState(StrEnum):
    """The state of a message; it ends as sent or dead."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the outbox; `repeat`: an earlier attempt may have arrived.

    `attempts` counts all attempts, `refusals` those that the provider refused permanently. `sent_with` is the
    first of the messages that were last sent as one with it.
    """

    id: int
    notification: Notification
    state: OutboxState
    attempts: int
    next_at: datetime
    repeat: bool = False
    error: str | None = None
    sent_at: datetime | None = None
    refusals: int = 0
    sent_with: int = 0


class Verdict(StrEnum):
    """The result of one attempt to send."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's verdict, the provider's answer (without secrets), and the seconds it asked us to wait.

    `unsure`: the message may have arrived anyway, so the next attempt is a possible repeat. `warning` is what
    went wrong although it was sent.
    """

    verdict: Verdict
    reason: str = ""
    retry_after: float | None = None
    unsure: bool = False
    warning: str = ""

"""What is known of the exchanges of one sending process, and so what became of its message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from watcher.domain.catalog import Json
from watcher.domain.delivery import Outcome, Verdict
from watcher.text.root_cause import root_cause

SUCCESS, REDIRECT, REFUSED, BROKEN = 200, 300, 400, 500  # the first HTTP status of each kind


@dataclass(frozen=True, slots=True)
class Changed:
    """What is sent instead of a payload, and to which address below the one that was asked."""

    payload: Mapping[str, Json]
    below: str = ""


Reshape: TypeAlias = Callable[[Mapping[str, Json]], Changed | None]
"""Takes the payload of a request, JSON or a form, and returns what is sent instead; None: it stays."""


@dataclass(slots=True)
class Exchange:
    """How far a request has come; `carries`: the message is in it."""

    carries: bool = False
    is_written: bool = False
    status: int | None = None

    @property
    def is_success(self) -> bool:
        """Whether the answer began with a status that means success."""
        return self.status is not None and SUCCESS <= self.status < REDIRECT


@dataclass(frozen=True, slots=True)
class Reply:
    """What one answer or failure means if Apprise takes it for a failure.

    `is_taken`: the message arrived, although the rest of the answer is missing or broken.
    `says_no`: it did not arrive, although the status is that of a success.
    """

    outcome: Outcome
    carries: bool
    is_taken: bool = False
    says_no: bool = False


@dataclass(slots=True)
class Replies:
    """Every answer and failure in this process, with secrets in them; `word` is one of the message's."""

    word: str
    reshape: Reshape | None = None
    found: list[Reply] = field(default_factory=list)
    exchange: Exchange = field(default_factory=Exchange)

    def begin_message(self, reshape: Reshape | None) -> None:
        """Forget what was found for the message before, and reshape the next one like this."""
        self.found.clear()
        self.reshape = reshape

    def begin(self, text: str, *, is_reshaped: bool) -> None:
        """Watch a new request, of which this is the address and the body; a message may follow a login."""
        self.exchange = Exchange(carries=is_reshaped or (bool(self.word) and self.word in text))

    def outcome(self, *, is_success: bool) -> Outcome:
        """Return what became of the message; `is_success` is what Apprise believes."""
        if not self.found:
            failure = Outcome(Verdict.RETRY, "the service gave no reason", unsure=True)
            return Outcome(Verdict.SENT) if is_success else failure
        last = self.found[-1]
        decisive = next((reply for reply in reversed(self.found) if reply.carries), last)
        if is_success or (decisive.carries and decisive.is_taken):
            return decisive.outcome if decisive.says_no else Outcome(Verdict.SENT)
        is_unsure = any(reply.outcome.unsure for reply in self.found if reply.carries or reply is last)
        return replace(last.outcome, unsure=is_unsure)


def broken(error: Exception, *, unsure: bool) -> Outcome:
    """Return what it means that an exchange broke off."""
    return Outcome(Verdict.RETRY, words(root_cause(error)), unsure=unsure)


def words(error: BaseException) -> str:
    """Return an error's own words."""
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return str(text or type(error).__name__)

"""What a mail server answered."""

import functools
import smtplib
from collections.abc import Callable
from typing import Any

from watcher.delivery.replies import Replies, Reply, broken
from watcher.domain.delivery import Outcome, Verdict

PERMANENT = 500  # the first SMTP code that no later attempt will change
ACCEPTED, REJECTED = range(200, 300), range(400, 600)  # SMTP codes that answer a mail


def record_mail(replies: Replies) -> None:
    """Have every answer of a mail server noted from now on."""
    smtplib.SMTP.data = _recording_data(smtplib.SMTP.data, replies)  # type: ignore[method-assign]
    for name in ("__init__", "starttls", "login", "sendmail"):
        setattr(smtplib.SMTP, name, _recording_smtp(getattr(smtplib.SMTP, name), replies))


def _recording_data(data: Callable[..., tuple[int, bytes]], replies: Replies) -> Callable[..., Any]:
    """Record what became of a mail once its text was sent; errors before that are those of `sendmail`."""

    @functools.wraps(data)
    def recording(*arguments: Any) -> tuple[int, bytes]:  # noqa: ANN401 - passed on as they come
        try:
            code, words = data(*arguments)
        except smtplib.SMTPDataError:  # the text was not asked for
            raise
        except OSError as error:
            replies.found.append(Reply(broken(error, unsure=True), carries=True))
            raise
        outcome = Outcome(Verdict.RETRY, f"SMTP {code} {words.decode(errors='replace')}", unsure=True)
        if code not in REJECTED:
            replies.found.append(Reply(outcome, carries=True, is_taken=code in ACCEPTED))
        return code, words

    return recording


def _recording_smtp(method: Callable[..., Any], replies: Replies) -> Callable[..., Any]:
    @functools.wraps(method)
    def recording(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as they come
        before = len(replies.found)
        try:
            return method(*arguments, **options)
        except OSError as error:  # the base of all smtplib errors
            if len(replies.found) == before:
                replies.found.append(Reply(_judged_smtp(error), carries=False))
            raise

    return recording


def _judged_smtp(error: OSError) -> Outcome:
    reply: tuple[int, bytes | str]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        reply = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_code, error.smtp_error
    else:
        is_final = isinstance(error, smtplib.SMTPNotSupportedError)
        return Outcome(Verdict.REFUSED, str(error)) if is_final else broken(error, unsure=False)
    code, words = reply
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return Outcome(Verdict.REFUSED if code >= PERMANENT else Verdict.RETRY, f"SMTP {code} {text}")

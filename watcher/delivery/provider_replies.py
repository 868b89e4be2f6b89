"""What a provider answered: recorded below Apprise, which does not return it, and judged."""

import functools
import json
import re
import smtplib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from watcher.domain.delivery import Outcome, Verdict
from watcher.text.retry_after import retry_after
from watcher.text.root_cause import root_cause

LONGEST_ANSWER = 256 * 1024  # bytes of an HTTP answer; the rest is not read
QUOTED = 2_000  # bytes of it that are kept until secrets are removed and the reason is cut
REDIRECT, REFUSED, BROKEN = 300, 400, 500  # the first HTTP status of each kind
TOO_MANY = 429
LONGEST_WAIT = 1e12  # seconds or milliseconds; a larger number is nonsense
TEMPORARY = frozenset({408, 425, TOO_MANY})  # statuses below 500 that are worth another attempt
PERMANENT = 500  # the first SMTP code that no later attempt will change
# Slack sends these with status 200 too; no later attempt will succeed.
HOPELESS = re.compile(
    r"\b(?:invalid_payload|invalid_blocks|no_text|msg_too_long|no_service|no_team|team_disabled"
    r"|no_active_hooks|invalid_token|invalid_auth|not_authed|token_revoked|token_expired|account_inactive"
    r"|missing_scope|channel_not_found|channel_is_archived|is_archived|not_in_channel|action_prohibited)\b"
)


def observe() -> list[Outcome]:
    """Return a list that gets every answer and failure in this process from now on, with secrets in them.

    Redirects are never followed, whatever a plugin asks for, and at most LONGEST_ANSWER bytes are read.
    """
    replies: list[Outcome] = []
    requests.Session.send = _recording_http(requests.Session.send, replies)  # type: ignore[method-assign]
    for name in ("__init__", "starttls", "login", "sendmail"):
        setattr(smtplib.SMTP, name, _recording_smtp(getattr(smtplib.SMTP, name), replies))
    return replies


def _recording_http(send: Callable[..., requests.Response], replies: list[Outcome]) -> Callable[..., Any]:
    @functools.wraps(send)
    def recording(*arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        try:
            response = send(*arguments, **{**options, "allow_redirects": False, "stream": True})
            _read(response)
        except requests.RequestException as error:
            replies.append(_broken(error))
            raise
        replies.append(_judged(response))
        if REDIRECT <= response.status_code < REFUSED:
            raise requests.TooManyRedirects  # a plugin might take a redirect for success
        if response.status_code == TOO_MANY:
            raise requests.RequestException  # a plugin might try again at once
        return response

    return recording


def _read(response: requests.Response) -> None:
    """Read at most LONGEST_ANSWER bytes of an answer; requests alone would read all of it."""
    content = b""
    for chunk in response.iter_content(LONGEST_ANSWER // 4):
        content += chunk
        if len(content) >= LONGEST_ANSWER:
            break
    vars(response).update(_content=content, _content_consumed=True)  # where requests keeps what it read
    response.close()


def _judged(response: requests.Response) -> Outcome:
    """Return the outcome that an HTTP answer means, if Apprise takes it for a failure."""
    status = response.status_code
    words = response.content[:QUOTED].decode(errors="replace").strip() or response.reason or ""
    is_final = REFUSED <= status < BROKEN and status not in TEMPORARY
    if REDIRECT <= status < REFUSED:
        words = "redirect (not followed)"
    elif status < REDIRECT:
        is_final = bool(HOPELESS.search(words))
    verdict = Verdict.REFUSED if is_final else Verdict.RETRY
    wait = retry_after(response.headers)
    return Outcome(verdict, f"HTTP {status} {words}", _wait_in_body(response) if wait is None else wait)


def _wait_in_body(response: requests.Response) -> float | None:
    """Return the seconds to wait from a JSON body: Discord, Telegram and Matrix send them there."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    parameters = body.get("parameters")
    telegram = parameters.get("retry_after") if isinstance(parameters, dict) else None
    matrix = _seconds(body.get("retry_after_ms"))
    waits = (_seconds(body.get("retry_after")), _seconds(telegram), None if matrix is None else matrix / 1000)
    return next((wait for wait in waits if wait is not None), None)


def _seconds(value: Any) -> float | None:  # noqa: ANN401 - any JSON
    """Return a number that can be a time, None for anything else."""
    if isinstance(value, int | float) and 0 <= value < LONGEST_WAIT:
        return float(value)
    return None


def _recording_smtp(method: Callable[..., Any], replies: list[Outcome]) -> Callable[..., Any]:
    @functools.wraps(method)
    def recording(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as they come
        try:
            return method(*arguments, **options)
        except OSError as error:  # the base of all smtplib errors
            outcome = _judged_smtp(error)
            is_begun = method.__name__ == "sendmail"
            replies.append(replace(outcome, unsure=outcome.unsure and is_begun))
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
        return Outcome(Verdict.REFUSED, str(error)) if is_final else _broken(error)
    code, words = reply
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return Outcome(Verdict.REFUSED if code >= PERMANENT else Verdict.RETRY, f"SMTP {code} {text}")


def _broken(error: Exception) -> Outcome:
    """Return the outcome of a failed exchange: unsure if it broke off after it began."""
    root = root_cause(error)
    is_begun = isinstance(root, TimeoutError | ConnectionResetError | smtplib.SMTPServerDisconnected)
    is_unsure = is_begun and not isinstance(error, requests.ConnectTimeout)
    return Outcome(Verdict.RETRY, _words(root), unsure=is_unsure)


def _words(error: BaseException) -> str:
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return str(text or type(error).__name__)

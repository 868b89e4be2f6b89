"""What the other side of a message said: noted below Apprise, which keeps it to itself, and judged."""

import contextlib
import functools
import json
import math
import re
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from watcher.domain.delivery import Outcome, Verdict

LONGEST_ANSWER = 256 * 1024  # bytes of an HTTP answer; more is not read
QUOTED = 2_000  # bytes of it that are searched for secrets before the reason is cut
REDIRECT, REFUSED, BROKEN = 300, 400, 500  # where these HTTP statuses begin
TOO_MANY = 429
SECONDS = re.compile(r"\d{1,12}(?:\.\d+)?")
WISHES = (
    ("retry_after",),
    ("parameters", "retry_after"),
    ("retry_after_ms",),
)  # of Discord, Telegram, Matrix
PASSING = frozenset({408, 425, TOO_MANY})  # HTTP refusals that pass; the others below 500 are meant
PERMANENT = 500  # where the SMTP codes begin that no later attempt will change
# Slack says these with status 200 as well; no later attempt will fare better.
HOPELESS = re.compile(
    r"\b(?:invalid_payload|invalid_blocks|no_text|msg_too_long|no_service|no_team|team_disabled"
    r"|no_active_hooks|invalid_token|invalid_auth|not_authed|token_revoked|token_expired|account_inactive"
    r"|missing_scope|channel_not_found|channel_is_archived|is_archived|not_in_channel|action_prohibited)\b"
)


def observe() -> list[Outcome]:
    """Note in the list given every answer and failure from now on, in this process; secrets are still in it.

    Redirects are never followed, whatever a plugin asks for, and no more than LONGEST_ANSWER is read.
    """
    replies: list[Outcome] = []
    requests.Session.send = _noting_http(requests.Session.send, replies)  # type: ignore[method-assign]
    for name in ("__init__", "starttls", "login", "sendmail"):
        setattr(smtplib.SMTP, name, _noting_smtp(getattr(smtplib.SMTP, name), replies))
    return replies


def _noting_http(send: Callable[..., requests.Response], replies: list[Outcome]) -> Callable[..., Any]:
    @functools.wraps(send)
    def noting(*arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        try:
            response = send(*arguments, **{**options, "allow_redirects": False, "stream": True})
            _read(response)
        except requests.RequestException as error:
            replies.append(_broken(error))
            raise
        replies.append(_judged(response))
        if REDIRECT <= response.status_code < REFUSED:
            raise requests.TooManyRedirects  # a plugin might take it for success
        if response.status_code == TOO_MANY:
            raise requests.RequestException  # a plugin might ask again at once
        return response

    return noting


def _read(response: requests.Response) -> None:
    """Read an answer's beginning; requests alone would read it all, however long."""
    content = b""
    for chunk in response.iter_content(LONGEST_ANSWER // 4):
        content += chunk
        if len(content) >= LONGEST_ANSWER:
            break
    vars(response).update(_content=content, _content_consumed=True)  # where requests keeps what it read
    response.close()


def _judged(response: requests.Response) -> Outcome:
    status = response.status_code
    words = response.content[:QUOTED].decode(errors="replace").strip() or response.reason or ""
    is_meant = REFUSED <= status < BROKEN and status not in PASSING
    if REDIRECT <= status < REFUSED:
        words = "redirect, which is not followed"
    elif status < REDIRECT:
        is_meant = bool(HOPELESS.search(words))
    verdict = Verdict.REFUSED if is_meant else Verdict.RETRY
    wish = _wish(response.headers)
    return Outcome(verdict, f"HTTP {status} {words}", _wish_inside(response) if wish is None else wish)


def _wish(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, in seconds; a date counts from the server's own clock."""
    wish = headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(wish):
        return float(wish)
    with contextlib.suppress(TypeError, ValueError):
        wait = parsedate_to_datetime(wish) - parsedate_to_datetime(headers.get("Date", ""))
        return max(wait.total_seconds(), 0.0)
    return None


def _wish_inside(response: requests.Response) -> float | None:
    """Read the seconds to wait from a JSON answer, where some services say them."""
    with contextlib.suppress(ValueError, RecursionError, OverflowError):
        said = json.loads(response.content)
        for keys in WISHES:
            wish = functools.reduce(lambda at, key: at.get(key) if isinstance(at, dict) else None, keys, said)
            if isinstance(wish, int | float) and 0 <= wish < math.inf:
                return wish / (1000.0 if keys[-1].endswith("_ms") else 1.0)
    return None


def _noting_smtp(method: Callable[..., Any], replies: list[Outcome]) -> Callable[..., Any]:
    @functools.wraps(method)
    def noting(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as they come
        try:
            return method(*arguments, **options)
        except OSError as error:  # all of smtplib's errors are
            outcome = _judged_smtp(error)
            is_begun = method.__name__ == "sendmail"
            replies.append(replace(outcome, unsure=outcome.unsure and is_begun))
            raise

    return noting


def _judged_smtp(error: OSError) -> Outcome:
    said: tuple[int, bytes | str]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_code, error.smtp_error
    else:
        is_final = isinstance(error, smtplib.SMTPNotSupportedError)
        return Outcome(Verdict.REFUSED, str(error)) if is_final else _broken(error)
    code, words = said
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return Outcome(Verdict.REFUSED if code >= PERMANENT else Verdict.RETRY, f"SMTP {code} {text}")


def _broken(error: Exception) -> Outcome:
    """Tell a talk that broke off, so that the message may have arrived, from one that never began."""
    root = _root(error)
    is_begun = isinstance(root, TimeoutError | ConnectionResetError | smtplib.SMTPServerDisconnected)
    is_unsure = is_begun and not isinstance(error, requests.ConnectTimeout)
    return Outcome(Verdict.RETRY, _words(root), unsure=is_unsure)


def _root(error: BaseException) -> BaseException:
    """Give the innermost reason: the outer ones quote the address."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


def _words(error: BaseException) -> str:
    said = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return str(said or type(error).__name__)

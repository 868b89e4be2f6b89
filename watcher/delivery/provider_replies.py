"""What a provider answered: recorded below Apprise, which does not return it, and judged.

A message counts as not sent only if it was never written, or if a whole answer says so; otherwise it may have
arrived. An answer that begins with success counts as sent, however it ends.
"""

import functools
import http.client
import os
import re
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any

import requests

from watcher.delivery.body_verdict import Says, parsed, verdict
from watcher.domain import network
from watcher.domain.catalog import Json
from watcher.domain.delivery import Outcome, Verdict
from watcher.text.retry_after import retry_after
from watcher.text.root_cause import root_cause

LONGEST_ANSWER = 256 * 1024  # bytes of an HTTP answer; the rest is not read
BODY_PATIENCE = 5.0  # seconds for the body once the status is known
SUCCESS, REDIRECT, REFUSED, BROKEN = 200, 300, 400, 500  # the first HTTP status of each kind
TOO_MANY = 429
LONGEST_WAIT = 1e12  # seconds or milliseconds; a larger number is nonsense
TEMPORARY = frozenset({408, 425, TOO_MANY})  # statuses below 500 that are worth another attempt
# A server on the way got no answer from the one that may have taken the message; with 303 one is elsewhere.
UNCLEAR = frozenset({303, 408, 499, 502, 504, 520, 522, 524, 527, 598, 599})
PERMANENT = 500  # the first SMTP code that no later attempt will change
ACCEPTED, REJECTED = range(200, 300), range(400, 600)  # SMTP codes that answer a mail
WORD = re.compile(r"[A-Za-z0-9]{4,}")  # is the same in every encoding of a request
# Slack sends these with status 200 too; no later attempt will succeed.
HOPELESS = re.compile(
    r"\b(?:invalid_payload|invalid_blocks|no_text|msg_too_long|no_service|no_team|team_disabled"
    r"|no_active_hooks|invalid_token|invalid_auth|not_authed|token_revoked|token_expired|account_inactive"
    r"|missing_scope|channel_not_found|channel_is_archived|is_archived|not_in_channel|action_prohibited)\b"
)


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
    found: list[Reply] = field(default_factory=list)
    exchange: Exchange = field(default_factory=Exchange)

    def begin(self, request: requests.PreparedRequest) -> None:
        """Watch a new request; a message may follow others, such as a login."""
        body = request.body or ""
        text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        self.exchange = Exchange(carries=bool(self.word) and self.word in f"{request.url} {text}")

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


def observe(text: str) -> Replies:
    """Return what gets every answer from now on; `text` is the message as it will be sent.

    Redirects are never followed, whatever a plugin asks for, and at most LONGEST_ANSWER bytes are read.
    """
    replies = Replies(max(WORD.findall(text), key=len, default=""))
    connection, answer = http.client.HTTPConnection, http.client.HTTPResponse
    connection.endheaders = _noting_written(connection.endheaders, replies)  # type: ignore[method-assign]
    answer.begin = _noting_status(answer.begin, replies)  # type: ignore[method-assign]
    requests.Session.send = _recording_http(requests.Session.send, replies)  # type: ignore[method-assign]
    smtplib.SMTP.data = _recording_data(smtplib.SMTP.data, replies)  # type: ignore[method-assign]
    for name in ("__init__", "starttls", "login", "sendmail"):
        setattr(smtplib.SMTP, name, _recording_smtp(getattr(smtplib.SMTP, name), replies))
    return replies


def _noting_written(end: Callable[..., None], replies: Replies) -> Callable[..., None]:
    @functools.wraps(end)
    def noting(self: http.client.HTTPConnection, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        if self.sock is None:
            self.connect()
        replies.exchange.is_written = True
        end(self, *arguments, **options)

    return noting


def _noting_status(begin: Callable[..., None], replies: Replies) -> Callable[..., None]:
    @functools.wraps(begin)
    def noting(self: http.client.HTTPResponse) -> None:
        try:
            begin(self)
        finally:  # the headers after it may be broken
            replies.exchange.status = self.status if isinstance(self.status, int) else None

    return noting


def _recording_http(send: Callable[..., requests.Response], replies: Replies) -> Callable[..., Any]:
    @functools.wraps(send)
    def recording(
        self: requests.Session,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - passed on as they come
    ) -> requests.Response:
        replies.begin(request)
        proxy = network.proxy_for(request.url or "", os.environ)
        decided = {"allow_redirects": False, "stream": True, "proxies": {"all": proxy} if proxy else {}}
        try:
            response = send(self, request, **{**options, **decided})
        except Exception as error:
            replies.found.append(_broken_off(error, replies.exchange))
            raise
        is_whole = _read(response)
        replies.found.append(_judged(response, replies.exchange, is_whole=is_whole))
        if REDIRECT <= response.status_code < REFUSED:
            raise requests.TooManyRedirects  # a plugin might take a redirect for success
        if response.status_code == TOO_MANY:
            raise requests.RequestException  # a plugin might try again at once
        return response

    return recording


def _broken_off(error: Exception, exchange: Exchange) -> Reply:
    """Return what an exchange without an answer means."""
    if exchange.is_success:
        return Reply(Outcome(Verdict.RETRY, _words(error), unsure=True), exchange.carries, is_taken=True)
    return Reply(_broken(error, unsure=exchange.is_written), exchange.carries)


def _read(response: requests.Response) -> bool:
    """Read at most LONGEST_ANSWER bytes within BODY_PATIENCE; return whether that is the whole body.

    Neither requests nor a plugin would end a body that drips, or keep what came of a broken one.
    """
    pieces: list[bytes] = []
    ended: list[bool] = []

    def read() -> None:
        try:
            for piece in response.iter_content(LONGEST_ANSWER // 4):
                pieces.append(piece)
                if sum(map(len, pieces)) >= LONGEST_ANSWER:
                    break
        except Exception:  # noqa: BLE001 - whatever it is, the body is not whole
            return
        ended.append(True)

    reading = Thread(target=read, daemon=True)
    reading.start()
    reading.join(BODY_PATIENCE)
    vars(response).update(_content=b"".join(pieces), _content_consumed=True)  # where requests keeps it
    if ended:
        response.close()
    is_framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    return bool(ended) and (is_framed or bool(response.content))  # else the headers may have been cut


def _judged(response: requests.Response, exchange: Exchange, *, is_whole: bool) -> Reply:
    """Return what an HTTP answer means, if Apprise takes it for a failure."""
    status = response.status_code
    said = response.content.decode(errors="replace").strip() or response.reason or ""
    is_final = REFUSED <= status < BROKEN and status not in TEMPORARY
    body = parsed(response.content) if is_whole else {}
    is_unsure, says = status in UNCLEAR or not is_whole, Says.NOTHING
    if REDIRECT <= status < REFUSED:
        said = "redirect (not followed)"
    elif status < REDIRECT:
        is_final, says = bool(HOPELESS.search(said)), verdict(body)
        is_unsure = not is_final and says is not Says.NO
    asked = retry_after(response.headers)
    wait = _wait_in_body(body) if asked is None else asked
    outcome = Outcome(
        Verdict.REFUSED if is_final else Verdict.RETRY, f"HTTP {status} {said}", wait, is_unsure
    )
    is_taken = status < REDIRECT and not is_whole
    return Reply(outcome, exchange.carries, is_taken=is_taken, says_no=says is not Says.NOTHING)


def _wait_in_body(body: Mapping[str, Json]) -> float | None:
    """Return the seconds to wait from a JSON body: Discord, Telegram and Matrix send them there."""
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


def _recording_data(data: Callable[..., tuple[int, bytes]], replies: Replies) -> Callable[..., Any]:
    """Record what became of a mail once its text was sent; errors before that are those of `sendmail`."""

    @functools.wraps(data)
    def recording(*arguments: Any) -> tuple[int, bytes]:  # noqa: ANN401 - passed on as they come
        try:
            code, words = data(*arguments)
        except smtplib.SMTPDataError:  # the text was not asked for
            raise
        except OSError as error:
            replies.found.append(Reply(_broken(error, unsure=True), carries=True))
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
        return Outcome(Verdict.REFUSED, str(error)) if is_final else _broken(error, unsure=False)
    code, words = reply
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return Outcome(Verdict.REFUSED if code >= PERMANENT else Verdict.RETRY, f"SMTP {code} {text}")


def _broken(error: Exception, *, unsure: bool) -> Outcome:
    return Outcome(Verdict.RETRY, _words(root_cause(error)), unsure=unsure)


def _words(error: BaseException) -> str:
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return str(text or type(error).__name__)

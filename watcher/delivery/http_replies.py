"""What a service answered over HTTP, and what it is sent instead of what Apprise made of a message."""

import functools
import http.client
import json
import os
import re
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import requests

from watcher.delivery.body_verdict import Says, parsed, verdict
from watcher.delivery.replies import (
    BROKEN,
    REDIRECT,
    REFUSED,
    SUCCESS,
    Exchange,
    Replies,
    Reply,
    broken,
    words,
)
from watcher.domain import network
from watcher.domain.catalog import Json
from watcher.domain.delivery import Outcome, Verdict
from watcher.text.retry_after import retry_after

LONGEST_ANSWER = 256 * 1024  # bytes of an HTTP answer; the rest is not read
BODY_PATIENCE = 5.0  # seconds for the body once the status is known
TOO_MANY = 429
LONGEST_WAIT = 1e12  # seconds or milliseconds; a larger number is nonsense
TEMPORARY = frozenset({408, 425, TOO_MANY})  # statuses below 500 that are worth another attempt
# A server on the way got no answer from the one that may have taken the message; with 303 one is elsewhere.
UNCLEAR = frozenset({303, 408, 499, 502, 504, 520, 522, 524, 527, 598, 599})
# Slack sends these with status 200 too; no later attempt will succeed.
HOPELESS = re.compile(
    r"\b(?:invalid_payload|invalid_blocks|no_text|msg_too_long|no_service|no_team|team_disabled"
    r"|no_active_hooks|invalid_token|invalid_auth|not_authed|token_revoked|token_expired|account_inactive"
    r"|missing_scope|channel_not_found|channel_is_archived|is_archived|not_in_channel|action_prohibited)\b"
)
FORM = "application/x-www-form-urlencoded"


def record_http(replies: Replies) -> None:
    """Have every answer over HTTP noted from now on."""
    connection, answer = http.client.HTTPConnection, http.client.HTTPResponse
    connection.endheaders = _noting_written(connection.endheaders, replies)  # type: ignore[method-assign]
    answer.begin = _noting_status(answer.begin, replies)  # type: ignore[method-assign]
    requests.Session.send = _recording_http(requests.Session.send, replies)  # type: ignore[method-assign]


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
        is_reshaped = _reshape(request, replies)
        replies.begin(f"{request.url} {_text(request)}", is_reshaped=is_reshaped)
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


def _text(request: requests.PreparedRequest) -> str:
    body = request.body or ""
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _reshape(request: requests.PreparedRequest, replies: Replies) -> bool:
    """Put the service's own form of the message in place of what Apprise made of it."""
    payload, is_form = _payload(request)
    changed = replies.reshape(payload) if replies.reshape and payload else None
    if changed is None:
        return False
    if changed.below:
        request.url = f"{request.url}{changed.below}"
    if is_form:
        request.prepare_body({name: str(value) for name, value in changed.payload.items()}, None)
    else:
        request.prepare_body(json.dumps(changed.payload, ensure_ascii=False).encode(errors="replace"), None)
    return True


def _payload(request: requests.PreparedRequest) -> tuple[Mapping[str, Json], bool]:
    """Return what a request says, and whether it is a form; nothing for any other request."""
    if FORM in request.headers.get("Content-Type", ""):
        return dict(parse_qsl(_text(request), keep_blank_values=True)), True
    try:
        found = json.loads(_text(request))
    except (ValueError, RecursionError):
        return {}, False
    return found if isinstance(found, dict) else {}, False


def post(address: str, body: bytes, headers: Mapping[str, str], patience: tuple[float, float]) -> bool:
    """Post a body; return whether the answer means success. What came of it is in the replies."""
    try:
        answer = requests.post(address, data=body, headers={**headers}, timeout=patience)
    except requests.RequestException:
        return False
    return SUCCESS <= answer.status_code < REDIRECT


def _broken_off(error: Exception, exchange: Exchange) -> Reply:
    """Return what an exchange without an answer means."""
    if exchange.is_success:
        return Reply(Outcome(Verdict.RETRY, words(error), unsure=True), exchange.carries, is_taken=True)
    return Reply(broken(error, unsure=exchange.is_written), exchange.carries)


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

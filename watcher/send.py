"""The child process that sends one message: `python -m watcher.send`, a job on standard input, an outcome out.

The only place that knows Apprise: its plugins take memory, its threads outlive a deadline, and what it logs holds
secrets. A process of its own can be ended at any time.
"""

import json
import logging
import re
import smtplib
import sys
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import unquote

import apprise
import requests

from watcher.describe import clean

LONGEST_REASON = 200
LONGEST_TITLE = 200
SHORTEST_SECRET = 6  # shorter parts of an address would blank out ordinary words
CUT = "\n… cut here; `watcher events` has it all"
BUSY = frozenset({408, 425, 429})  # HTTP refusals that pass
PERMANENT_SMTP = 500
HTTP_REFUSED = 400
# Slack says these with 200 or 4xx; no later attempt will fare better.
HOPELESS = re.compile(
    r"invalid_payload|no_service|no_team|no_active_hooks|invalid_token|invalid_auth|token_revoked|account_inactive"
    r"|channel_not_found|channel_is_archived|is_archived|action_prohibited|not_in_channel"
)


class Job(TypedDict, total=False):
    """What to send; `check` only asks whether the address can be used."""

    url: str
    title: str
    body: str
    html: str
    event_id: str
    repeat: bool
    check: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side said: an HTTP status or an SMTP code, its words, the seconds it asked us to wait."""

    is_smtp: bool
    code: int
    words: str
    retry_after: float | None = None

    @property
    def is_permanent(self) -> bool:
        """Tell whether trying again is of no use."""
        if HOPELESS.search(self.words):
            return True
        if self.is_smtp:
            return self.code >= PERMANENT_SMTP
        return HTTP_REFUSED <= self.code < PERMANENT_SMTP and self.code not in BUSY


REPLIES: list[Reply] = []  # Apprise keeps them to itself


def observe() -> None:
    """Note every reply on its way through the libraries below Apprise."""
    send, getreply = requests.Session.send, smtplib.SMTP.getreply

    def noting_send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        response = send(self, request, **options)
        wish = response.headers.get("Retry-After", "")
        seconds = float(wish) if wish.isdecimal() else None
        REPLIES.append(Reply(False, response.status_code, response.text[:LONGEST_REASON], seconds))  # noqa: FBT003
        return response

    def noting_getreply(self: smtplib.SMTP) -> tuple[int, bytes]:
        code, words = getreply(self)
        REPLIES.append(Reply(True, code, words.decode(errors="replace")[:LONGEST_REASON]))  # noqa: FBT003
        return code, words

    requests.Session.send = noting_send  # type: ignore[method-assign]
    smtplib.SMTP.getreply = noting_getreply  # type: ignore[method-assign]


def load(url: str) -> apprise.NotifyBase | str:
    """Give the one target of an address, or why there is none; never shows the address."""
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False)
    targets = apprise.Apprise(asset=asset)
    if not targets.add(url) or not len(targets):
        return "Apprise cannot use this address; check its kind, its host and its tokens"
    if len(targets) > 1 or len(targets[0]) > 1:
        return "the address names several targets; give each a channel of its own, so that none is told twice"
    unknown = _unknown_options(targets[0], url)
    if unknown:
        return f"the address has options that Apprise would ignore: {', '.join(sorted(unknown))}"
    return targets[0]


def _unknown_options(plugin: Any, url: str) -> set[str]:  # noqa: ANN401 - a class made at run time
    known = {name.lower() for name in plugin.template_args} | {"verify", "redirect"}
    names = {part.partition("=")[0].lower() for part in url.partition("?")[2].split("&") if part}
    return {clean(name, 20) for name in names if name[0] not in "+-:%" and name not in known}


def send(job: Job) -> dict[str, object]:
    """Send a job's message; gives verdict, reason and retry_after."""
    target = load(job["url"])
    if isinstance(target, str):
        return outcome("refused", target)
    if job.get("check"):
        return outcome("sent", "")
    result = _notify(target, job)
    failure = next((reply for reply in reversed(REPLIES) if reply.code >= HTTP_REFUSED), None)
    if result is True and failure is None and not _was_redirected():
        return outcome("sent", "")
    last = failure or (REPLIES[-1] if REPLIES else None)
    if last is None:
        return outcome("retry", "could not connect, or the other side said nothing")
    verdict = "refused" if last.is_permanent else "retry"
    words = f"{'SMTP' if last.is_smtp else 'HTTP'} {last.code} {last.words}"
    return outcome(verdict, redact(words, job["url"]), last.retry_after)


def _was_redirected() -> bool:
    return any(300 <= reply.code < HTTP_REFUSED and not reply.is_smtp for reply in REPLIES)  # noqa: PLR2004 - HTTP


def _notify(target: Any, job: Job) -> bool:  # noqa: ANN401 - a class made at run time
    for attribute in ("include_image", "include_footer"):  # Slack's: an image from elsewhere under every message
        if hasattr(target, attribute):
            setattr(target, attribute, False)
    is_mail = isinstance(target, apprise.plugins.email.NotifyEmail)
    if is_mail:
        target.headers["X-Watcher-Event-Id"] = job.get("event_id", "")
    title = clean(f"[possible repeat] {job['title']}" if job.get("repeat") else job["title"], LONGEST_TITLE)
    body = job["html"] if is_mail else _cut(text(job["body"]), target.body_maxlen)
    form = apprise.NotifyFormat.HTML if is_mail else apprise.NotifyFormat.TEXT
    notifier = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, http_redirects=False))
    notifier.add(target)
    result = notifier.notify(title=title, body=body, body_format=form)
    return result.status is apprise.AppriseResultStatus.SUCCESS


def text(body: str) -> str:
    """Make a body of many lines harmless."""
    return "\n".join(clean(line, len(line)) for line in body.split("\n"))


def _cut(body: str, longest: int) -> str:
    room = longest - LONGEST_TITLE  # some services put the title into the body
    return body if len(body) <= room else body[: room - len(CUT)] + CUT


def redact(words: str, url: str) -> str:
    """Blank out every part of the address that a server may have repeated."""
    parts = set(re.split(r"[/:@?&=,\s#]+", url.partition("://")[2]))
    secrets = {secret for part in parts for secret in (part, unquote(part)) if len(secret) >= SHORTEST_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, "***")
    return words


def outcome(verdict: str, reason: str, retry_after: float | None = None) -> dict[str, object]:
    """Write an outcome as the parent reads it."""
    return {"verdict": verdict, "reason": clean(reason, LONGEST_REASON), "retry_after": retry_after}


def main() -> None:
    """Read the job, send it, print the outcome."""
    logging.disable(logging.CRITICAL)  # what Apprise logs holds tokens, at any level
    job: Job = json.load(sys.stdin)
    observe()
    print(json.dumps(send(job)))  # noqa: T201 - the answer to the parent


if __name__ == "__main__":
    main()

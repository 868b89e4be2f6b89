"""Post a message to a web address of one's own, signed as Standard Webhooks specify."""

import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from watcher.delivery.http_replies import post
from watcher.delivery.provider_replies import observe
from watcher.domain.delivery import Outcome, Verdict
from watcher.forms.as_webhook import as_webhook, key_of, signature
from watcher.forms.post import Post

SCHEMES = ("https", "http")


def is_web(url: str) -> bool:
    """Whether an address is one of the web."""
    return url.partition("://")[0].lower() in SCHEMES


def fault(url: str, secret: str | None) -> str | None:
    """Return why an address or its secret cannot be used; None if they can."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(letter.isspace() or not letter.isprintable() for letter in url):
        return "its address is not a valid web address"
    try:
        is_empty = secret is not None and not key_of(secret)
    except ValueError as error:
        return f"its secret {error}"
    return "its secret is empty" if is_empty else None


def send(url: str, secret: str | None, message: Post, patience: tuple[float, float]) -> Outcome:
    """Post a message; any status from 200 to 299 means that it was taken, whatever the body says."""
    body = json.dumps(as_webhook(message), ensure_ascii=False).encode(errors="replace")
    replies = observe("")
    headers = dict(_headers(message, secret, body, int(time.time())))
    if post(url, body, headers, patience):
        return Outcome(Verdict.SENT)
    return replies.outcome(is_success=False)


def _headers(message: Post, secret: str | None, body: bytes, timestamp: int) -> Iterator[tuple[str, str]]:
    yield "Content-Type", "application/json"
    yield "User-Agent", "watcher"
    yield "webhook-id", message.id
    yield "webhook-timestamp", str(timestamp)
    if secret is not None:
        yield "webhook-signature", signature(key_of(secret), message.id, timestamp, body)

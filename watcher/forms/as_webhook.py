"""A message for programs: what webhooks are sent, as docs/message.schema.json describes it."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from watcher.domain.catalog import Json
from watcher.domain.letter import Entry
from watcher.forms.post import TEST, Post

ENCODED = "whsec_"
TYPE, TEST_TYPE = "watcher.message", "watcher.test"


def as_webhook(post: Post) -> dict[str, Json]:
    """Return the message as JSON: its words, and each event with its severity and its page."""
    entries = {number: entry for entry in post.letter.entries for number in entry.events}
    is_test = any(entry.kind == TEST for entry in post.letter.entries)
    events: list[Json] = [_event(event, entries.get(str(event.get("id")))) for event in post.letter.data]
    return {
        "type": TEST_TYPE if is_test else TYPE,
        "id": post.id,
        "timestamp": post.at,
        "data": {
            "channel": post.channel,
            "title": post.title,
            "severity": post.letter.severity,
            "text": post.body,
            "rules": list(post.rules),
            "repeat": post.repeat,
            "events": events,
        },
    }


def _event(event: Mapping[str, Json], entry: Entry | None) -> Json:
    """Return an event with what its line says of it; one that had no room for a line has that of none."""
    said = {key: value for key, value in event.items() if key not in {"type", "facts"}}
    facts = event.get("facts")
    if isinstance(facts, Mapping):
        said |= {key: facts[key] for key in ("started", "lasted") if facts.get(key)}
    if entry is None:
        return said
    found: dict[str, Json] = {
        "severity": entry.severity,
        "text": entry.text,
        "link": entry.link,
        "name": entry.name,
        "notes": [*entry.notes],
        "trend": entry.trend,
        "successors": [
            {"model": one.model, "name": one.name, "price": one.price, "lost": [*one.lost]}
            for one in entry.successors
        ],
    }
    return said | {key: value for key, value in found.items() if value}


def message_id(channel: str, events: Iterable[str]) -> str:
    """Return an id that is the same for each attempt to send the same events to a channel."""
    said = "\n".join([channel, *sorted(set(events))])
    return f"msg_{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:24]}"


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for. Raises ValueError."""
    if not secret.startswith(ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
    except binascii.Error:
        message = f"does not have base64 after {ENCODED}"
        raise ValueError(message) from None


def signature(key: bytes, number: str, timestamp: int, body: bytes) -> str:
    """Sign a body as Standard Webhooks specify."""
    signed = hmac.new(key, f"{number}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"

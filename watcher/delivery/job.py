"""What the sending child is told: a message and an address, or an address to check."""

from collections.abc import Sequence
from typing import Any, TypedDict

from watcher.domain.letter import Letter, read_letter
from watcher.forms.post import Post

NO_LETTER = Letter(severity="info", preview="", sections=(), footer="")


class Job(TypedDict, total=False):
    """What to send and where; `command` shows all of it, `letter` has the parts of the message.

    With `check`, only the address is checked. `secret` signs what a webhook is sent; `id` is the same for
    each attempt to send a message, `at` its time as ISO text (UTC); `plain`: the body takes no other form.
    `template` has a title and a body in Jinja2 that replace those of the message.
    """

    url: str
    secret: str | None
    channel: str
    title: str
    body: str
    event_id: str
    id: str
    at: str
    rules: Sequence[str]
    repeat: bool
    plain: bool
    command: str
    letter: dict[str, Any] | None
    template: dict[str, str | None] | None
    check: bool


def post_of(job: Job) -> Post:
    """Return a job's message."""
    letter = job.get("letter")
    return Post(
        title=job["title"],
        body=job["body"],
        letter=read_letter(letter) if letter else NO_LETTER,
        command=job.get("command", "watcher events"),
        id=job.get("id", ""),
        at=job.get("at", ""),
        channel=job.get("channel", ""),
        rules=tuple(job.get("rules", ())),
        repeat=job.get("repeat", False),
        is_plain=job.get("plain", False),
    )

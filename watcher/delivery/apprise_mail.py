"""Mail in our own form, sent through Apprise's connection."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import apprise
from apprise.plugins.email import NotifyEmail
from apprise.plugins.email.base import PGPMode

from watcher.delivery.job import Job
from watcher.text.clean import clean

TEXT, HTML = apprise.NotifyFormat.TEXT, apprise.NotifyFormat.HTML


def is_mail(target: Any) -> bool:  # noqa: ANN401 - see load
    """Tell mail from chats that are carried by mail."""
    return isinstance(target, NotifyEmail) and bool(target.title_maxlen)


def write_mail(target: Any, job: Job, title: str, body: str) -> None:  # noqa: ANN401 - see load
    """Have Apprise send our mail instead of its own, unless it must sign or encrypt it."""
    target.headers["X-Watcher-Event-Id"] = clean(job["event_id"])
    if target.pgp_mode != PGPMode.NONE:
        return
    from watcher.delivery.mail import Envelope, mail  # noqa: PLC0415 - other services need none of it

    envelope = Envelope(
        sender=(target.from_addr[0] or "", target.from_addr[1]),
        recipient=(target.targets[0][0] or "", target.targets[0][1]),
        reply_to=tuple((target.names.get(address) or "", address) for address in sorted(target.reply_to)),
        headers=target.headers,
        is_plain=target.resolve_format(HTML) == TEXT,
    )
    ours = mail(job, envelope, title, body, target.body_maxlen)
    prepare = NotifyEmail.prepare_emails

    def prepared(**options: Any) -> Iterator[Any]:  # noqa: ANN401 - passed on as they come
        yield from (replace(one, body=ours) for one in prepare(**options))

    NotifyEmail.prepare_emails = staticmethod(prepared)  # type: ignore[method-assign,assignment]

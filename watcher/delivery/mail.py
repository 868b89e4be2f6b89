"""A mail as it is sent: text, page and picture, and the headers by which mail programs sort it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from hashlib import sha256
from typing import Any

from watcher.domain.delivery import REPEAT
from watcher.domain.letter import Letter, read_letter
from watcher.forms.chart import read_history
from watcher.forms.mail_html import fitted
from watcher.forms.only_model import only_model
from watcher.openrouter.ids import base
from watcher.text.clean import UNSEEN, clean

NAME = "watcher"  # where the address gives the sender none
PICTURE = "price"
HEADER = re.compile(r"[!-9;-~]+")  # the name of one, as RFC 5322 allows it
OURS = re.compile(r"from|to|reply-to|subject|date|message-id|mime-version|content-.*", re.IGNORECASE)
HIGH: Mapping[str, str] = {"X-Priority": "1 (Highest)", "Importance": "high"}
URGENT = "[critical] "  # begins the subject, but not one of a user's own
ID_LENGTH = 32
ENCODED = "=?"  # begins what programs decode, into anything


class Unfolded(UnstructuredHeader, BaseHeader):
    """A header that is one word: folding would encode a long one, and an id that is encoded is none."""

    def fold(self, *, policy: Any) -> str:  # noqa: ANN401 - as its base has it
        """Write it in one line."""
        return f"{self.name}: {self}{policy.linesep}"


class Words(UnstructuredHeader, BaseHeader):
    """A header of words, encoded as a whole: Python's own mixture of both loses and doubles spaces."""

    def fold(self, *, policy: Any) -> str:  # noqa: ANN401 - as its base has it
        """Write it in lines."""
        words, charset = str(self), "us-ascii" if self.isascii() else "utf-8"
        lines = Header(words, charset, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {lines}{policy.linesep}"


REGISTRY = HeaderRegistry(default_class=Words)
REGISTRY.map_to_type("subject", Words)
for _name in ("message-id", "references", "in-reply-to", "list-id"):
    REGISTRY.map_to_type(_name, Unfolded)
POLICY = SMTP.clone(cte_type="7bit", header_factory=REGISTRY)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom: each a name, which may be empty, and an address.

    `headers` are those of the channel; `is_plain`: it wants no page.
    """

    sender: tuple[str, str]
    recipient: tuple[str, str]
    reply_to: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False


def mail(job: Mapping[str, Any], envelope: Envelope, subject: str, text: str, room: int) -> str:
    """Write a mail in ASCII, as SMTP carries it; its page takes `room` characters at most."""
    letter = read_letter(job["letter"]) if job.get("letter") else None
    is_urgent, is_own = letter is not None and letter.severity == "critical", bool(job.get("plain"))
    message = EmailMessage(POLICY)
    domain = envelope.sender[1].rpartition("@")[2]
    named = {
        "From": formataddr((envelope.sender[0] or NAME, envelope.sender[1])),
        "To": formataddr(envelope.recipient),
        "Reply-To": ", ".join(map(formataddr, envelope.reply_to)),
        "Subject": _subject(subject, is_urgent=is_urgent and not is_own),
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": _id(domain, job["at"], job["event_id"], envelope.recipient[1]),
        "List-Id": f"{NAME} <{NAME}.{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        **(_thread(letter, domain) if letter else {}),
        **(HIGH if is_urgent else {}),
    }
    for name, value in named.items():
        if value:
            message[name] = value
    for name, value in envelope.headers.items():
        if HEADER.fullmatch(name) and not OURS.fullmatch(name):
            del message[name]
            message[name] = clean(value, len(value))
    message.set_content(text, cte="quoted-printable")
    if letter and not envelope.is_plain and not is_own:
        _add_page(message, letter, subject, room, job["command"], domain)
    return message.as_bytes().decode("ascii")


def _subject(title: str, *, is_urgent: bool) -> str:
    """Say at once what is critical, but first that a mail may have arrived before."""
    repeat, title = (REPEAT, title.removeprefix(REPEAT)) if title.startswith(REPEAT) else ("", title)
    return f"{repeat}{URGENT if is_urgent else ''}{title}".replace(ENCODED, f"={UNSEEN}?")


def _id(domain: str, *parts: str) -> str:
    """Make an id that is the same for the same parts, so that a server can tell a copy."""
    return f"<{sha256(' '.join(parts).encode()).hexdigest()[:ID_LENGTH]}@{domain}>"


def _thread(letter: Letter, domain: str) -> dict[str, str]:
    """Name the thread of a model: all of its mails answer one that was never sent."""
    only = only_model(letter)
    root = _id(domain, "thread", base(only.subject)) if only else ""
    return {"In-Reply-To": root, "References": root}


def _add_page(
    message: EmailMessage, letter: Letter, title: str, room: int, command: str, domain: str
) -> None:
    """Add the page, with the picture inside if there is one."""
    drawn = picture(letter)
    content_id = f"{PICTURE}@{domain}"
    page = fitted(title, letter, f"cid:{content_id}" if drawn else None, room, command)
    if page is None:
        return
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    if drawn:
        part = message.get_payload()[1]  # type: ignore[index]
        part.add_related(  # type: ignore[union-attr]
            drawn, "image", "png", cid=f"<{content_id}>", disposition="inline", filename=f"{PICTURE}.png"
        )


def picture(letter: Letter) -> bytes | None:
    """Draw the price, if the letter has it; a mail without a picture is better than none."""
    if not letter.chart:
        return None
    try:
        from watcher.delivery.price_chart import png  # noqa: PLC0415 - few mails need what it takes to draw

        history = read_history(letter.chart)
        return png(history) if history else None
    except Exception:  # noqa: BLE001 - the numbers are in the text
        return None

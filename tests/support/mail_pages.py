"""Pages of mails as their readers' programs take them, and letters to make them of."""

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

from tests.support.catalogs import DAY, START
from watcher.domain.catalog import FieldChange, Json
from watcher.domain.kinds import Kind
from watcher.domain.letter import Entry, Letter, Successor
from watcher.domain.news import Event, Notification
from watcher.forms.mail_html import html
from watcher.messages.message import notification
from watcher.text.times import to_iso


def page_of(message: Notification) -> str:
    """Return the page of a message."""
    assert message.letter
    return html(message.title, message.letter)


def words_of(page: str) -> str:
    """Return a page with ordinary spaces and without invisible ones."""
    return page.replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u200b", "")


def part(mail: EmailMessage, kind: str) -> str:
    """Return what a mail says as `plain` or as `html`."""
    body = mail.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def since(days: float, at: datetime = START) -> str:
    return to_iso(at - days * DAY)


CHART: dict[str, Json] = {
    "from": since(90),
    "to": since(0),
    "series": {
        "prompt": [[since(90), "1.00"], [since(40), "1.25"], [since(0.2), "1.5"]],
        "completion": [[since(90), "10"], [since(0.2), "12.5"]],
    },
}
TOKENS = {"prompt": "0.00000125", "completion": "0.00001"}
DEARER = {"prompt": "0.0000015", "completion": "0.0000125"}
RISE = tuple(FieldChange(key, TOKENS[key], DEARER[key]) for key in TOKENS)
PRICE = Event("p", START, Kind.PRICE_CHANGED, "acme/owl-2", TOKENS, DEARER, RISE, facts={"chart": CHART})
FALL = tuple(FieldChange(key, DEARER[key], TOKENS[key]) for key in TOKENS)
CHEAPER = Event("c", START, Kind.PRICE_CHANGED, "acme/finch-mini", DEARER, TOKENS, FALL)
LEAVING = Event("l", START, Kind.EXPIRATION_ANNOUNCED, "wetland/heron-large", None, "2026-11-07")
NEW = Event("n", START, Kind.MODEL_ADDED, "acme/condor-3", None, {"price": TOKENS})


def told(*events: Event) -> Notification:
    return notification("team", START, events, ["Mine"])


def rich(message: Notification) -> Letter:
    """Return a letter with whatever an entry can have."""
    assert message.letter
    sections = tuple(
        replace(section, entries=tuple(map(_rich, section.entries))) for section in message.letter.sections
    )
    return replace(message.letter, sections=sections)


def _rich(entry: Entry) -> Entry:
    return replace(
        entry,
        name="Acme: Owl 2" if entry.subject == "acme/owl-2" else "",
        notes=("highest since May",),
        trend="▁▁▃▃▆" if entry.kind == Kind.PRICE_CHANGED else "",
        successors=(
            Successor("wetland/heron-2", "Wetland: Heron 2", "20 % cheaper"),
            Successor("acme/owl-2", "", "15 % dearer", ("vision", "tools")),
        )
        if entry.kind == Kind.EXPIRATION_ANNOUNCED
        else (),
    )

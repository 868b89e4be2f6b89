"""A message for Pushover: a thousand characters of HTML, and a link to the one model that it is about."""

from html import escape

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.paragraphs import Markup, footer, joined, literal, paragraphs, utf16
from watcher.forms.post import Post
from watcher.forms.telegram import html_text

LONGEST = 1024  # characters
LONGEST_TITLE = 250
LONGEST_FOOTER = 160
LONGEST_ADDRESS = 512

SHORT = Markup(
    text=html_text,
    bold=lambda text: f"<b>{text}</b>",
    link=lambda label, _: label,  # an address would take a tenth of the room
    changed=lambda text, _: f"<b>{text}</b>",
    weigh=utf16,
)


def pushover(post: Post) -> dict[str, Json]:
    """Write the message."""
    foot = f"<i>{html_text(footer(post, SHORT, LONGEST_FOOTER))}</i>"
    room = LONGEST - utf16(foot) - len("\n")
    found, closing = paragraphs(post, SHORT, room, room // 2)
    texts = [joined([SHORT.bold(html_text(one.heading)), *one.lines]) for one in found]
    page = post.page if post.page and len(escape(post.page)) <= LONGEST_ADDRESS else None
    return {
        "title": fit(literal(post.title), utf16, LONGEST_TITLE, dots),
        "message": joined([*texts, *closing, foot]),
        "html": 1,
        **({"url": page, "url_title": "Open the model's page"} if page else {}),
    }

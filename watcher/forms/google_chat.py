"""A message for Google Chat: a card, of which the service takes 32,000 bytes."""

from collections.abc import Mapping
from html import escape

from watcher.domain.catalog import Json
from watcher.domain.letter import Role
from watcher.forms.fit import dots, fit
from watcher.forms.paragraphs import Markup, Paragraph, footer, in_json, joined, literal, paragraphs, utf8
from watcher.forms.post import COLORS, Post, Tone
from watcher.forms.telegram import html_text

ROOM = 24_000  # bytes in JSON
LONGEST_LINE = 4000
LONGEST_TITLE = 500
CHANGES: Mapping[Role, Tone] = {Role.BETTER: Tone.RECOVERED, Role.WORSE: Tone.CRITICAL}


def _colored(text: str, tone: Tone) -> str:
    return f'<font color="{COLORS[tone]}">{text}</font>'


CARD = Markup(
    text=html_text,
    bold=lambda text: f"<b>{text}</b>",
    link=lambda label, address: f'<a href="{escape(address)}">{label}</a>',
    changed=lambda text, role: _colored(text, CHANGES[role]),
    weigh=in_json,
    indent="\u2003",
)


def google_chat(post: Post) -> dict[str, Json]:
    """Write the message; `fallbackText` is what a notification shows."""
    found, closing = paragraphs(post, CARD, ROOM, LONGEST_LINE)
    title = fit(literal(post.title), utf8, LONGEST_TITLE, dots)
    ending = joined([*closing, html_text(footer(post, CARD))])
    sections = [*map(_section, found), {"widgets": [_widget(ending)]}]
    card: Json = {"header": {"title": title, "subtitle": "watcher"}, "sections": sections}
    return {"fallbackText": title, "cardsV2": [{"cardId": "watcher", "card": card}]}


def _section(paragraph: Paragraph) -> Json:
    heading = _colored(html_text(paragraph.heading), paragraph.tone)
    return {"header": heading, "widgets": [_widget(joined(paragraph.lines))]}


def _widget(text: str) -> Json:
    return {"textParagraph": {"text": text}}

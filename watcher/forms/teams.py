"""A message for Microsoft Teams: an adaptive card, of which the service takes 28 KB."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.markdown import MARKDOWN
from watcher.forms.paragraphs import Paragraph, footer, in_json, joined, paragraphs, utf8
from watcher.forms.post import Post, Tone

ROOM = 24_000  # bytes in JSON
AROUND = 170  # bytes around a line and what is below it
LONGEST_LINE = 4000
LONGEST_TITLE = 500
STYLES: Mapping[Tone, str] = {
    Tone.CRITICAL: "attention",
    Tone.WARNING: "warning",
    Tone.INFO: "accent",
    Tone.RECOVERED: "good",
}
"""The styles of a container, which have colors in light and dark."""


def teams(post: Post) -> dict[str, Json]:
    """Write the message; `summary` is what a notification shows."""
    markup = replace(MARKDOWN, weigh=lambda text: in_json(text) + AROUND, indent="")
    found, closing = paragraphs(post, markup, ROOM, LONGEST_LINE)
    title = MARKDOWN.text(fit(post.title, lambda text: utf8(MARKDOWN.text(text)), LONGEST_TITLE, dots))
    body = [_text(title, size="large", weight="bolder"), *map(_container, found)]
    ending = joined([*closing, MARKDOWN.text(footer(post, MARKDOWN))])
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*body, *(_text(line, isSubtle=True, size="small") for line in ending.split("\n"))],
        "msteams": {"width": "full"},
    }
    content: Json = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "summary": title, "attachments": [content]}


def _container(paragraph: Paragraph) -> Json:
    items = [_text(MARKDOWN.text(paragraph.heading), weight="bolder"), *_items(paragraph)]
    return {"type": "Container", "style": STYLES[paragraph.tone], "items": [*items]}


def _items(paragraph: Paragraph) -> Iterator[Json]:
    """Yield a text for each entry, and a smaller one for what is known besides."""
    for entry in paragraph.lines:
        line, *besides = entry.split("\n")
        yield _text(line, spacing="small")
        if besides:
            yield _text("\n\n".join(besides), isSubtle=True, size="small", spacing="none")


def _text(text: str, **look: Json) -> Json:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}

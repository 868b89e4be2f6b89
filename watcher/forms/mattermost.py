"""A message for Mattermost: an attachment for each heading in its color."""

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.markdown import MARKDOWN, defused
from watcher.forms.paragraphs import Paragraph, footer, joined, paragraphs, utf16
from watcher.forms.post import COLORS, Post

ROOM = 12_000  # characters, of 16,383 in a post
LONGEST_LINE = 3000
LONGEST_TITLE = 256


def mattermost(post: Post) -> dict[str, Json]:
    """Write the message as a webhook is sent it."""
    return {"text": _title(post), "attachments": _attachments(post)}


def mattermost_bot(post: Post) -> dict[str, Json]:
    """Write the message as the API takes it from a bot."""
    return {"message": _title(post), "props": {"attachments": _attachments(post)}}


def _title(post: Post) -> str:
    title = fit(post.title, lambda text: utf16(defused(text)), LONGEST_TITLE, dots)
    return MARKDOWN.bold(MARKDOWN.text(title))


def _attachments(post: Post) -> list[Json]:
    found, closing = paragraphs(post, MARKDOWN, ROOM, LONGEST_LINE)
    attachments: list[dict[str, Json]] = [_attachment(paragraph) for paragraph in found]
    attachments[-1]["footer"] = MARKDOWN.text(footer(post, MARKDOWN))
    if closing:
        attachments[-1]["text"] = joined([str(attachments[-1]["text"]), *closing])
    return [*attachments]


def _attachment(paragraph: Paragraph) -> dict[str, Json]:
    heading = MARKDOWN.text(paragraph.heading)
    return {
        "color": COLORS[paragraph.tone],
        "fallback": heading,
        "text": joined([MARKDOWN.bold(heading), *paragraph.lines]),
    }

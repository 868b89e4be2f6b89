"""A message for Discord: an embed for each heading in its color, and nothing that is unfurled."""

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.markdown import MARKDOWN
from watcher.forms.paragraphs import Paragraph, few, footer, joined, paragraphs, utf16
from watcher.forms.post import COLORS, Post

LONGEST_TITLE = 256  # characters
MOST_EMBEDS = 10
ROOM = 4000  # of 4,096 in one embed and of 6,000 in all, footer and headings included


def discord(post: Post) -> dict[str, Json]:
    """Write the message: its title as text, which a phone shows, and the rest as embeds that ping nobody."""
    found, closing = paragraphs(post, MARKDOWN, ROOM, ROOM // 2)
    embeds = [_embed(paragraph) for paragraph in few(found, MOST_EMBEDS, MARKDOWN)]
    embeds[-1]["footer"] = {"text": joined([*closing, MARKDOWN.text(footer(post, MARKDOWN))])}
    embeds[-1]["timestamp"] = post.at
    title = fit(post.title, lambda text: utf16(MARKDOWN.text(text)), LONGEST_TITLE, dots)
    return {
        "content": MARKDOWN.bold(MARKDOWN.text(title)),
        "embeds": [*embeds],
        "allowed_mentions": {"parse": []},
    }


def _embed(paragraph: Paragraph) -> dict[str, Json]:
    return {
        "title": MARKDOWN.text(paragraph.heading),
        "description": joined(paragraph.lines),
        "color": int(COLORS[paragraph.tone].removeprefix("#"), 16),
    }

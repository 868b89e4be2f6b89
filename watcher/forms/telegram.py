"""A message for Telegram: its HTML, in which nothing needs a backslash."""

from html import escape

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.paragraphs import Markup, footer, joined, literal, paragraphs, utf16
from watcher.forms.post import Post

LONGEST = 4096  # characters, which Telegram counts without the tags
LONGEST_TITLE = 256


def html_text(text: str) -> str:
    """Make a text literal in HTML."""
    return escape(literal(text), quote=False)


HTML = Markup(
    text=html_text,
    bold=lambda text: f"<b>{text}</b>",
    link=lambda label, address: f'<a href="{escape(address)}">{label}</a>',
    changed=lambda text, _: f"<b>{text}</b>",
    weigh=utf16,
)


def telegram(post: Post) -> dict[str, Json]:
    """Write the message; no page is previewed below it."""
    title = fit(post.title, lambda text: utf16(html_text(text)), LONGEST_TITLE, dots)
    head, foot = HTML.bold(html_text(title)), f"<i>{html_text(footer(post, HTML))}</i>"
    room = LONGEST - utf16(head) - utf16(foot) - len("\n\n") * 2
    found, closing = paragraphs(post, HTML, room - 2 * len(post.letter.sections), room // 2)
    texts = [joined([HTML.bold(html_text(one.heading)), *one.lines]) for one in found]
    return {
        "text": "\n\n".join([head, *texts, joined([*closing, foot])]),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }

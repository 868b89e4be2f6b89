"""A message for a bot of WeCom: its Markdown, which has three colors."""

from collections.abc import Mapping

from watcher.domain.catalog import Json
from watcher.domain.letter import Role
from watcher.forms.fit import dots, fit
from watcher.forms.markdown import MARKDOWN, defused
from watcher.forms.paragraphs import Markup, footer, joined, paragraphs, utf8
from watcher.forms.post import Post

LONGEST = 4096  # bytes
LONGEST_TITLE = 400
COLORS: Mapping[Role, str] = {Role.BETTER: "info", Role.WORSE: "warning"}
"""The green and the orange of WeCom."""


def _colored(text: str, color: str) -> str:
    return f'<font color="{color}">{text}</font>'


WECOM = Markup(
    text=defused,
    bold=MARKDOWN.bold,
    link=MARKDOWN.link,
    changed=lambda text, role: _colored(text, COLORS[role]),
    weigh=utf8,
    indent="\u3000",
)


def wecom(post: Post) -> dict[str, Json]:
    """Write the message."""
    title = fit(post.title, lambda text: utf8(defused(text)), LONGEST_TITLE, dots)
    head, foot = WECOM.bold(defused(title)), _colored(defused(footer(post, WECOM)), "comment")
    room = LONGEST - utf8(head) - utf8(foot) - 2 * len("\n")
    found, closing = paragraphs(post, WECOM, room - len(post.letter.sections), room // 2)
    texts = [joined([WECOM.bold(defused(one.heading)), *one.lines]) for one in found]
    return {"msgtype": "markdown", "markdown": {"content": joined([head, *texts, *closing, foot])}}

"""A message in Slack's Block Kit: a header, an attachment for each heading in its color, a footer."""

from watcher.domain.catalog import Json
from watcher.forms.fit import dots, fit
from watcher.forms.markdown import CLOSING, EMPHASIS, LOOKALIKES
from watcher.forms.paragraphs import Markup, Paragraph, few, footer, joined, literal, paragraphs, utf16
from watcher.forms.post import COLORS, Post

LONGEST_HEADER = 150  # characters
LONGEST_SECTION = 3000
LONGEST_FALLBACK = 3000  # of 40,000: it is read aloud, or the beginning of it shown on a phone
MOST_ATTACHMENTS = 20  # as Slack advises; with ROOM it keeps blocks below the limit of 50
BAR = "\u2223"  # looks like what ends the address of a link
ROOM = 12_000  # Slack refuses a message of many long blocks as too long, without saying where that begins


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(text: str) -> str:
    """Make a text literal; mrkdwn has no escapes but for & < >."""
    plain = literal(text).translate(LOOKALIKES)
    return _escaped(CLOSING.sub(lambda found: found[0].translate(EMPHASIS), plain))


MRKDWN = Markup(
    text=_text,
    bold=lambda text: f"*{text}*",
    link=lambda label, address: f"<{_escaped(address)}|{label.replace('|', BAR)}>",
    changed=lambda text, _: f"*{text}*",
    weigh=utf16,
)


def slack(post: Post) -> dict[str, Json]:
    """Write the message in blocks, and as plain `text` for push notifications and screen readers.

    The header stands above the attachments, because only attachments have a color.
    """
    found, closing = paragraphs(post, MRKDWN, ROOM, LONGEST_SECTION // 2)
    attachments: list[Json] = [_attachment(one) for one in few(found, MOST_ATTACHMENTS, MRKDWN)]
    foot = MRKDWN.text(footer(post, MRKDWN))
    attachments.append({"fallback": foot, "blocks": [_context(joined([*closing, foot]))]})
    return {
        "text": _fallback(post),
        "blocks": [{"type": "header", "text": _plain(_header(post))}],
        "attachments": attachments,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _fallback(post: Post) -> str:
    text = "\n".join([post.title, *post.body.splitlines()])
    return _lines(fit(text, lambda kept: utf16(_lines(kept)), LONGEST_FALLBACK, dots))


def _lines(text: str) -> str:
    return "\n".join(map(_text, text.split("\n")))


def _header(post: Post) -> str:
    return _text(fit(post.title, lambda text: utf16(_text(text)), LONGEST_HEADER, dots))


def _attachment(paragraph: Paragraph) -> Json:
    heading = MRKDWN.bold(MRKDWN.text(paragraph.heading))
    blocks: list[Json] = [_section(text) for text in _packed([heading, *paragraph.lines])]
    fallback = MRKDWN.text(paragraph.heading)
    return {"color": COLORS[paragraph.tone], "fallback": fallback, "blocks": blocks}


def _packed(lines: list[str]) -> list[str]:
    """Put lines together in as few texts as hold them."""
    texts = [lines[0]]
    for line in lines[1:]:
        longer = f"{texts[-1]}\n{line}"
        if utf16(longer) <= LONGEST_SECTION:
            texts[-1] = longer
        else:
            texts.append(line)
    return texts


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}

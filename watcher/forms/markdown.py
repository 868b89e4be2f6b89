"""Text in services that read Markdown, or something like it: made literal without a backslash to be seen."""

import re

from watcher.forms.paragraphs import Markup, literal, utf16
from watcher.text.clean import UNSEEN

LOOKALIKES = str.maketrans({"*": "\u2217", "`": "'"})
CLOSING = re.compile(r"(?<=\S)_(?!\w)|__+|~~+|(?<=\S)~(?!\w)")  # without an end there is no emphasis
BROKEN = re.compile(r"\\(?=\W)|\|(?=\|)|<(?=[^\s\u200b])|&(?=#?\w+;)")  # escapes, spoilers, tags, entities
EMPHASIS = str.maketrans({"_": "\uff3f", "~": "\u223c"})


def defused(text: str) -> str:
    """Make a text literal by putting letters that look alike, or a space of no width, where it matters."""
    plain = literal(text).translate(LOOKALIKES)
    plain = CLOSING.sub(lambda found: found[0].translate(EMPHASIS), plain)
    return BROKEN.sub(rf"\g<0>{UNSEEN}", plain)


MARKDOWN = Markup(
    text=defused,
    bold=lambda text: f"**{text}**",
    link=lambda label, address: f"[{label}]({address.replace(')', '%29')})",
    changed=lambda text, _: f"**{text}**",
    weigh=utf16,
    indent="\u2003",
)

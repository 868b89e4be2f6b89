"""Remote text made harmless for a line, a terminal or a chat service."""

import re

LONGEST = 200
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, longest: int = LONGEST) -> str:
    """Make remote text one short harmless line: no controls, direction overrides or surrogates."""
    kept = "".join(c if c.isprintable() and c not in BIDI else " " for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


# What some services make a mention, a tag, a link or a picture of, in plain text too; broken after these.
BAIT = re.compile(
    r"@(?=[\w*&!])"  # mentions and addresses
    r"|<(?=[\w!@#/])|\](?=\()"  # tags, links in Markdown
    r"|:(?=//)|(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_]{2})"  # addresses of pages, hosts without a scheme
    r"|:(?=[\w+'-]+:)|(?<!\w)[:;](?=-?[()DPpOo/\\|*$](?!\w))"  # :thinking: and :-)
    r"|(?<!\S)[#/](?=[^\W\d_])"  # tags and commands
)
OUR_LINK = re.compile(r"  https://openrouter\.ai/[\w~/:.%-]*", re.ASCII)  # a line of our messages
UNSEEN = "\u200b"  # a space of no width


def clean_lines(text: str) -> str:
    """Keep a text's lines and make each harmless."""
    return "\n".join(clean(line, len(line)) for line in text.splitlines())


def inert(text: str, gap: str = UNSEEN) -> str:
    """Break whatever a service might take for a mention, a tag, a link or an emoji, except our own links."""
    return "\n".join(
        line if OUR_LINK.fullmatch(line) else BAIT.sub(rf"\g<0>{gap}", line) for line in text.split("\n")
    )


def printable(text: str) -> str:
    """Replace line breaks and whatever else would control a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)

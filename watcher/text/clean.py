"""Remote text made harmless for a line, a terminal or a chat service."""

import re

LONGEST = 200
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, longest: int = LONGEST) -> str:
    """Make remote text one short harmless line: no controls, direction overrides or surrogates."""
    kept = "".join(c if c.isprintable() and c not in BIDI else " " for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


# Mentions, tags and links that some services find in plain text too; a zero-width space breaks them.
BAIT = re.compile(r"(?<!\w)@(?=[\w*&!])|<(?=[\w!@#/])|\](?=\()")


def clean_lines(text: str) -> str:
    """Keep a text's lines and make each harmless."""
    return "\n".join(clean(line, len(line)) for line in text.splitlines())


def inert(text: str) -> str:
    """Break whatever a service might take for a mention, a tag or a link."""
    return BAIT.sub("\\g<0>\u200b", text)


def printable(text: str) -> str:
    """Replace line breaks and whatever else would control a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)

"""Remove secrets from text that other programs wrote."""

import re
from base64 import b64encode
from collections.abc import Collection
from urllib.parse import unquote, unquote_plus

SHORTEST = 6  # characters; shorter parts of an address could be ordinary words
SEPARATORS = re.compile(r"[/:@?&=,;\s#]+")
PLAIN = re.compile(r"(?<![^/?&])[a-z_]+(?![^/?&=])")  # a word in a path, or the name of an option


def redact(words: str, url: str, public: Collection[str] = ()) -> str:
    """Return `words` with `***` for every part of the address `url` in them, except the `public` parts."""
    address = url.partition("://")[2]
    readings = {address, unquote(address), unquote_plus(address)}
    parts = {part for reading in readings for part in SEPARATORS.split(reading)}
    parts |= {b64encode(reading.rpartition("@")[0].encode(errors="replace")).decode() for reading in readings}
    words = unquote(words)
    for secret in sorted(parts, key=len, reverse=True):
        if len(secret) >= SHORTEST and secret.lower() not in public:
            words = re.sub(re.escape(secret), "***", words, flags=re.IGNORECASE)
    return words


def plain_words(url: str) -> set[str]:
    """Return the parts of an address that are not secret: its host, words in the path, names of options."""
    place, _, rest = url.partition("://")[2].partition("/")
    return {place.rpartition("@")[2].partition(":")[0].lower(), *PLAIN.findall(rest)}

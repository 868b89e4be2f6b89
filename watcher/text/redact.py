"""Remove secrets from text that other programs wrote."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterator
from urllib.parse import unquote, unquote_plus

from watcher.text.clean import clean

SHORTEST = 6  # characters; shorter parts of an address could be ordinary words
LONGEST_REASON = 400  # characters that are shown, after secrets are removed
SEPARATORS = re.compile(r"[/:@?&=,;\s#]+")
PLAIN = re.compile(r"(?<![^/?&])[a-z_]+(?![^/?&=])")  # a word in a path, or the name of an option
AUTHORITY = re.compile(r"[^/?#]*")
SECRET_OPTION = re.compile(r"(?i)[?&][+:-]?[^=&#]*(?:user|pass|pwd|token|key|secret|auth)[^=&#]*=([^&#]*)")


def redact(words: str, url: str, public: Collection[str] = ()) -> str:
    """Return `words` with `***` for every part of the address `url` in them, except the `public` parts.

    A user or password is removed however short it is, where it is a word of its own.
    """
    address = url.partition("://")[2]
    login = _login(address)
    parts = {part for reading in _readings(address) for part in SEPARATORS.split(reading)}
    # The whole value too, as it is when nothing in it is encoded: the words may have a part of a part.
    parts |= {reading for part in SEPARATORS.split(address) for reading in _readings(part)}
    parts |= set(_encoded(login))
    named = {reading for value in _named(address, login) for reading in _readings(value)}
    short = {form for value in named for form in _forms(value)}
    words = unquote(words)
    for secret in sorted({form for part in parts for form in _forms(part)} | short, key=len, reverse=True):
        if secret.lower() in public or not (len(secret) >= SHORTEST or secret in short):
            continue
        whole = re.escape(secret)
        pattern = whole if len(secret) >= SHORTEST else rf"(?<![^\W_]){whole}(?![^\W_])"
        words = re.sub(pattern, "***", words, flags=re.IGNORECASE)
    return words


def reason(words: str, url: str, public: Collection[str] = ()) -> str:
    """Return one line of `words` without parts of the address, cut last so that no piece of one is left."""
    return clean(redact(words, url, public), LONGEST_REASON)


def _login(address: str) -> str:
    """Return the user and password in front of the host."""
    found = AUTHORITY.match(address)
    return found[0].rpartition("@")[0] if found else ""


def _named(address: str, login: str) -> Iterator[str]:
    """Yield user, password, and the values of options that are called so."""
    yield from filter(None, login.split(":", 1))
    yield from filter(None, SECRET_OPTION.findall(address))


def _readings(text: str) -> set[str]:
    return {text, unquote(text), unquote_plus(text)}


def _encoded(login: str) -> Iterator[str]:
    """Yield a login as it is sent."""
    for reading in _readings(login):
        yield b64encode(reading.encode(errors="replace")).decode()
    user, _, password = login.partition(":")
    yield b64encode(f"{unquote(user)}:{unquote(password)}".encode(errors="replace")).decode()


def _forms(value: str) -> set[str]:
    """Return a value as it is in text, in JSON, in HTML and in a form."""
    in_json = json.dumps(value)[1:-1]
    return {
        value,
        in_json,
        in_json.replace("/", "\\/"),
        json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape(value),
        value.replace(" ", "+"),
    }


def plain_words(url: str) -> set[str]:
    """Return the parts of an address that are not secret: its host, words in the path, names of options."""
    place, _, rest = url.partition("://")[2].partition("/")
    return {place.rpartition("@")[2].partition(":")[0].lower(), *PLAIN.findall(rest)}

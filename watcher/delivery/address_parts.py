"""Parts of an address that Apprise would lose without a word, found in the text alone."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

AS_WRITTEN = "in a user or password write : as %3A, / as %2F, @ as %40, # as %23, ? as %3F and a space as %20"
AUTHORITY = re.compile(r"[^/?#]*")
LOGIN_WITH_SLASH = re.compile(r"[^/?#@]*:(?!\d*/)[^/?#@\]]*/[^?#]*[^/?#]@[^/?#]*\.")
ALIASES: Mapping[str, Mapping[str, str]] = {"Discord": {"thread_id": "thread"}}
"""Options as a service's own documentation calls them, and what Apprise calls them."""


def ambiguity(url: str) -> str | None:
    """Return why an address can be read in two ways; None if it cannot."""
    if _authority(url).count("@") > 1:
        return f"the address has two @ before its host; {AS_WRITTEN}"
    if LOGIN_WITH_SLASH.match(url.partition("://")[2]):
        return f"the address has no host before its first /; {AS_WRITTEN}"
    query = url.partition("?")[2].partition("#")[0]
    names = Counter(part.partition("=")[0].lower() for part in query.split("&") if part)
    twice = sorted(name for name, times in names.items() if times > 1)
    return "the address has an option twice; Apprise would ignore one of them" if twice else None


def shortened(url: str) -> Iterator[tuple[str, str]]:
    """Yield the address without each part that may be lost, and what to write instead if it is."""
    place, mark, query = url.partition("?")
    if "#" in place:
        shorter = place.partition("#")[0] + mark + query
        yield shorter, f"the address would lose what follows its #; write it as %23, and {AS_WRITTEN}"
    login, at, _ = _authority(url).rpartition("@")
    user, _, password = login.partition(":")
    if at and ":" in password:
        kept = f"{user}:{password.partition(':')[0]}"
        yield url.replace(login, kept, 1), f"the address would lose part of its password; {AS_WRITTEN}"


def renamed(url: str, service: str) -> str:
    """Return the address with the names that Apprise has for a service's own options."""
    place, mark, query = url.partition("?")
    for name, known in ALIASES.get(service, {}).items():
        query = re.sub(rf"(?i)(^|&){name}=", rf"\1{known}=", query)
    return f"{place}{mark}{query}"


def _authority(url: str) -> str:
    """Return what stands between `://` and the path."""
    found = AUTHORITY.match(url.partition("://")[2])
    return found[0] if found else ""

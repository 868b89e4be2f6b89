"""What a model's id says of its family and its version: `claude-3.5-haiku` is an older `claude-haiku-4.5`."""

import re
from dataclasses import dataclass
from functools import lru_cache

PLAIN = frozenset({"preview", "exp", "experimental", "beta", "latest", "instruct", "it", "chat", "hf"})
"""Words that tell no family."""
SIZE = re.compile(r"[ae]?\d+(\.\d+)?(x\d+(\.\d+)?)?[bkt]")  # 70b, a22b, e4b, 8x7b, 16k
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)[a-z]?")  # 3.5, v3.2, 4o
NAMED = re.compile(r"([a-z]+)(\d+(?:\.\d+)*)")  # qwen3, k2
DATE = re.compile(r"\d{3,}|\d{2}")  # 20250929, 2507, 001; 08 and 06 of a longer one
DAY = re.compile(r"20\d{2}-?[01]\d-?[0-3]\d")


@dataclass(frozen=True, slots=True)
class Family:
    """The words that stay from version to version; `version` has its numbers, then the day of its release."""

    words: frozenset[str]
    version: tuple[tuple[int, ...], str]


@lru_cache(maxsize=4096)
def family(model: str, slug: str = "") -> Family:
    """Read an id; the canonical slug often has the date of a release."""
    name = model.partition(":")[0].partition("/")[2].lower()
    words: set[str] = set()
    version: tuple[int, ...] = ()
    for token in re.split(r"[-_ ]", name):
        if SIZE.fullmatch(token):
            words.add(token)
        elif DATE.fullmatch(token) or token in PLAIN:
            continue
        elif found := VERSION.fullmatch(token):
            version += _numbers(found[1])
        elif found := NAMED.fullmatch(token):
            words.add(found[1])
            version += _numbers(found[2])
        else:
            words.add(token)
    day = DAY.search(slug) or DAY.search(name)
    return Family(frozenset(words), (version, day[0].replace("-", "") if day else ""))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))

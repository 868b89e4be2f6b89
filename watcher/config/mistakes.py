"""Mistakes in the configuration in words, with the fix."""

from collections.abc import Sequence
from typing import Any

from watcher.config.yaml_file import Key
from watcher.text.suggest import closest

NAME, WEB, WEB_OR_OFF = r"^[^\s:/,]+$", r"^https?://\S*$", r"^(https?://\S*|off)$"

MISMATCHES = {
    NAME: "is not a valid channel name; write `name: address`"
    " without spaces, colons, slashes or commas in the name",
    WEB: "is not a valid address; it must look like https://...",
    WEB_OR_OFF: "is not a valid address; it must look like https://... or be off",
}

WORDS = {
    "missing": "is missing",
    "string_type": "takes text; put it in quotes",
    "bool_type": "takes true or false",
    "dict_type": "takes `key: value` lines",
    "model_type": "takes `key: value` lines",
    "list_type": "takes a list",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def in_words(found: Any, siblings: Sequence[str]) -> tuple[Sequence[Key], str]:  # noqa: ANN401 - pydantic's
    """Return the keys of an error of pydantic, and its message; `siblings` are the keys allowed there."""
    keys: tuple[Key, ...] = tuple(key for key in found["loc"] if key != "[key]")
    match found["type"]:
        case "extra_forbidden":
            return keys, f"unknown key{did_you_mean(str(keys[-1]), siblings)}"
        case "value_error":
            return keys, str(found["ctx"]["error"])
        case "string_pattern_mismatch":
            return keys, MISMATCHES[found["ctx"]["pattern"]]
        case "literal_error":
            return keys, f"takes {found['ctx']['expected']}"
        case kind:
            return keys, WORDS.get(kind, str(found["msg"]))


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return the end of a message about an unknown word: the closest known one, or all of them."""
    close = closest(word, known)
    return f'; did you mean "{close}"?' if close else f"; choose from {', '.join(known)}"

"""What is wrong at a place in the configuration, in words, with the way out."""

from collections.abc import Sequence
from typing import Any

from watcher.config.yaml_file import Key
from watcher.text.suggest import closest

NAME, WEB, WEB_OR_OFF = r"^[^\s:/,]+$", r"^https?://\S*$", r"^(https?://\S*|off)$"

MISMATCHES = {
    NAME: "is no name for a channel; write `name: address`, in the name no spaces, colons, slashes, commas",
    WEB: "is no address; it looks like https://...",
    WEB_OR_OFF: "is no address; it looks like https://..., or is off",
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
    """Give the keys that lead to an error of pydantic, and say what is wrong; `siblings` may stand there."""
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
    """Write the way out for a word that is not known."""
    close = closest(word, known)
    return f'; did you mean "{close}"?' if close else f"; known are {', '.join(known)}"

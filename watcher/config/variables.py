"""What stands for something else in the configuration: `${NAME}`, and `file:` where an address is meant."""

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watcher.config.yaml_file import Key

VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<broken>\{))")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
FROM_FILE = "file:"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place in the file."""

    keys: Sequence[Key]
    what: str


TEXTS = ("store", "sources", "channels", "heartbeat")
"""Where `${NAME}` and, for channels, `file:` stand for something else."""


class Texts:
    """Puts in what `${NAME}` and `file:` stand for, and keeps the problems met."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Look for relative files where systemd puts credentials, then in `folder`."""
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self._folders = [Path(credentials), folder] if credentials else [folder]
        self._environ = environ
        self.problems: list[Problem] = []

    def resolve(self, keys: tuple[Key, ...], value: Any) -> Any:  # noqa: ANN401 - plain data
        """Give the value with everything put in; a problem leaves a text that passes every other check."""
        if isinstance(value, dict):
            return {key: self.resolve((*keys, key), inner) for key, inner in value.items()}
        if not isinstance(value, str):
            return value
        try:
            text = VARIABLE.sub(self._variable, value)
            return self._address(text, value) if _is_address(keys) else text
        except ValueError as error:
            self.problems.append(Problem(keys, str(error)))
            return "https://"

    def _variable(self, found: re.Match[str]) -> str:
        if found["broken"]:
            message = "${ starts the name of a variable, such as ${NAME}; for the characters write $${"
            raise ValueError(message)
        name = found["name"]
        if name is None:
            return "$"
        value = self._environ.get(name, "")
        if not value or not value.isprintable():
            trouble = "has a line break or the like in it" if value else "is empty"
            message = f"the environment variable {name} {trouble if name in self._environ else 'is not set'}"
            raise ValueError(message)
        return value

    def _address(self, text: str, written: str) -> str:
        if text.startswith(FROM_FILE):
            shown = (
                f"the file {text.removeprefix(FROM_FILE)}" if text == written else "the file that it names"
            )
            try:
                text = self._secret(text.removeprefix(FROM_FILE).removeprefix("//"))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is not a file of UTF-8 text"
                message = f"{shown} cannot be read: {reason}"
                raise ValueError(message) from None
        if not ADDRESS.fullmatch(text):
            message = (
                "is no address; it looks like console:// or slack://..., or is file:/path or ${VARIABLE}"
            )
            raise ValueError(message)
        return text

    def _secret(self, name: str) -> str:
        """Read the file. Raises OSError, or ValueError where it is no text or may have no end."""
        paths = [folder / name for folder in self._folders]
        path = next((path for path in paths if path.exists()), paths[-1])
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError
        return path.read_text("utf-8").removesuffix("\n")


def _is_address(keys: Sequence[Key]) -> bool:
    """Tell where an address stands: `channels.team`, `channels.team.url`, `heartbeat`."""
    match keys:
        case ("heartbeat",) | ("channels", _) | ("channels", _, "url"):
            return True
        case _:
            return False


def is_literal(channel: Any) -> bool:  # noqa: ANN401 - plain data
    """Tell whether a channel's address stands in the file itself."""
    text = channel["url"] if isinstance(channel, dict) else channel
    has_variable = any(found["name"] for found in VARIABLE.finditer(text))
    return not has_variable and not text.startswith((FROM_FILE, "console:"))

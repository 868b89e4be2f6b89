"""What the configuration replaces: `${NAME}`, and `file:` in place of an address."""

import re
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from watcher.config.yaml_file import Key

VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<broken>\{))")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
FROM_FILE = "file:"
PLACEHOLDER = "https://"  # for a text with a problem: it passes the other checks, so one problem is reported


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value at `keys`."""

    keys: Sequence[Key]
    what: str


TEXTS = ("store", "sources", "channels", "heartbeat")
"""The keys in whose values `${NAME}` is replaced and, in addresses and secrets, `file:`."""


TEMPLATE = ("template",)  # of a channel, which may well contain $


class MissingError(ValueError):
    """A variable or file that may well be there on another machine, or for another user."""


class Texts:
    """Replaces `${NAME}` and `file:`; collects in `problems` what could not be replaced.

    What is only missing here, under a key that is not `needed`, is in `missing` instead. For each value from
    a file, `fresh` has how to read it again.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], needed: Collection[str] = TEXTS) -> None:
        """Look for relative files in systemd's credentials first, then in `folder`."""
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self._folders = [Path(credentials), folder] if credentials else [folder]
        self._environ = environ
        self._needed = needed
        self.problems: list[Problem] = []
        self.fresh: dict[tuple[Key, ...], Callable[[], str]] = {}
        self.missing: list[Problem] = []

    def resolve(self, keys: tuple[Key, ...], value: Any) -> Any:  # noqa: ANN401 - plain data
        """Return the value with everything replaced; PLACEHOLDER for a text with a problem."""
        if isinstance(value, dict):
            return {key: self.resolve((*keys, key), inner) for key, inner in value.items()}
        if not isinstance(value, str) or keys[2:3] == TEMPLATE:
            return value
        try:
            text = VARIABLE.sub(self._variable, value)
            if not (_is_address(keys) or _is_secret(keys)):
                return text
            read = self._address if _is_address(keys) else self._of_file
            if text.startswith(FROM_FILE):  # the file may be replaced while watcher runs
                self.fresh[keys] = partial(read, text, value)
            return read(text, value)
        except ValueError as error:
            is_allowed = isinstance(error, MissingError) and keys[0] not in self._needed
            (self.missing if is_allowed else self.problems).append(Problem(keys, str(error)))
            return PLACEHOLDER

    def _variable(self, found: re.Match[str]) -> str:
        if found["broken"]:
            message = "${ starts a variable such as ${NAME}; for a literal ${ write $${"
            raise ValueError(message)
        name = found["name"]
        if name is None:
            return "$"
        value = self._environ.get(name, "")
        if not value:
            message = f"the environment variable {name} is {'empty' if name in self._environ else 'not set'}"
            raise MissingError(message)
        if not value.isprintable():
            message = f"the environment variable {name} contains a line break or another control character"
            raise ValueError(message)
        return value

    def _address(self, text: str, written: str) -> str:
        """Return an address, read from a file if the text says so; `written` is the text before `${NAME}`."""
        text = self._of_file(text, written)
        if not ADDRESS.fullmatch(text):
            message = "is not a valid address; use console://, slack://..., file:/path or ${VARIABLE}"
            raise ValueError(message)
        return text

    def _of_file(self, text: str, written: str) -> str:
        """Return what a text stands for, which is what is in a file if it says so."""
        if text.startswith(FROM_FILE):
            name = text.removeprefix(FROM_FILE)
            try:
                text = self._secret(name.removeprefix("//"))
            except (OSError, ValueError) as error:
                shown = f"the file {name}" if text == written else "the file it names"  # it may be secret
                reason = getattr(error, "strerror", None) or "it is not a UTF-8 text file"
                message = f"{shown} cannot be read: {reason}"
                kind = MissingError if isinstance(error, OSError) else ValueError
                raise kind(message) from None
        return text

    def _secret(self, name: str) -> str:
        """Read a file. Raises OSError, or ValueError if it is not text or could be endless."""
        paths = [folder / name for folder in self._folders]
        path = next((path for path in paths if path.exists()), paths[-1])
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError
        return path.read_text("utf-8").removesuffix("\n")


def _is_address(keys: Sequence[Key]) -> bool:
    """Whether the value is an address: `channels.team`, `channels.team.url` or `heartbeat`."""
    match keys:
        case ("heartbeat",) | ("channels", _) | ("channels", _, "url"):
            return True
        case _:
            return False


def _is_secret(keys: Sequence[Key]) -> bool:
    """Whether the value is the secret of a webhook."""
    return len(keys) == len(("channels", "name", "secret")) and (keys[0], keys[-1]) == ("channels", "secret")


def is_literal(channel: Any) -> bool:  # noqa: ANN401 - plain data
    """Whether a channel's address or secret is written in the file itself."""
    texts = [channel["url"], channel.get("secret")] if isinstance(channel, dict) else [channel]
    return any(_is_written(text) for text in texts if text)


def _is_written(text: str) -> bool:
    has_variable = any(found["name"] for found in VARIABLE.finditer(text))
    return not has_variable and not text.startswith((FROM_FILE, "console:"))

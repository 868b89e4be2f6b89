"""A YAML 1.2 file as plain data, with the place of every key; anchors, aliases and tags are refused."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError

from watcher.domain.errors import ConfigError
from watcher.text.clean import printable

LARGEST = 1_000_000  # bytes; a thousand rules take a fifth of that
DEEPEST = 20
NEWLINE = "\n"
TEXT = "tag:yaml.org,2002:str"
LIKE_A_KEY = re.compile(r"[^\W_][\w .*-]{0,60}", re.ASCII)
Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a file (`data`), and the place of each value."""

    path: Path
    data: Any
    _places: Mapping[tuple[Key, ...], tuple[int, int]]

    def problem(self, keys: Sequence[Key], what: str) -> str:
        """Return one line about the value at `keys`: file, line, column, key, and what is wrong."""
        line, column = self.place(keys)
        name = named(keys)
        subject = f"{name}: " if name else ""
        return f"{self.path}:{line}:{column} {subject}{printable(what)}"

    def place(self, keys: Sequence[Key]) -> tuple[int, int]:
        """Return line and column (from 1) of the value at `keys`, or of the section it belongs in."""
        nearest = tuple(keys)
        while nearest not in self._places:
            nearest = nearest[:-1]
        return self._places[nearest]


def named(keys: Sequence[Key]) -> str:
    """Return keys as `rules[0].when`; what cannot be a key is not shown: the file may be another one."""
    shown = (key if isinstance(key, int) or LIKE_A_KEY.fullmatch(key) else "***" for key in keys)
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in shown)
    return "".join(parts).removeprefix(".")


def read(path: Path) -> YamlFile:
    """Return the content of a file. Raises ConfigError with a line for each problem."""
    text = _text(path)
    try:
        root = _yaml(_checking(path)).compose(text)
        if root is None:
            raise ConfigError([f"{path}:1:1 the file is empty; start from the shipped rules.yaml"])
        places = _places(path, root)
        return YamlFile(path, _yaml().constructor.construct_document(root), places)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigError([f"{path}:{place} invalid YAML: {error.problem}"]) from None
    except ReaderError as error:
        start = text[: error.position]
        place = f"{start.count(NEWLINE) + 1}:{len(start) - start.rfind(NEWLINE)}"
        raise ConfigError(
            [f"{path}:{place} the character U+{error.character:04X} is not allowed here"]
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}:1:1 invalid YAML: {str(error).splitlines()[0]}"]) from None


def _yaml(parser: type[Parser] = Parser) -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = parser
    return yaml


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    if len(body) > LARGEST:
        raise ConfigError([f"{path}: is larger than {LARGEST:,} bytes"])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}:1 is not UTF-8 text"]) from None


def _checking(path: Path) -> type[Parser]:
    """Return a parser that refuses features that no configuration needs and that can do harm."""

    class Checking(Parser):
        depth = documents = 0

        def get_event(self) -> Any:  # noqa: ANN401 - ruamel's
            event = super().get_event()
            self.depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            self.documents += isinstance(event, DocumentStartEvent)
            if what := _unsupported(event, self.depth, self.documents):
                raise ConfigError([_at(path, event, what)])
            return event

    return Checking


def _unsupported(event: Any, depth: int, documents: int) -> str | None:  # noqa: ANN401 - ruamel's
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (& and *) are not supported; write the value out, or quote it"
    if getattr(event, "ctag", None) is not None and event.tag is not None:
        return "tags (!) are not supported; quote the value if it is text"
    if depth > DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    if documents > 1:
        return "a second document (---) starts here; only one is allowed"
    if getattr(event, "version", None):
        return "a %YAML line is not supported; the file is YAML 1.2"
    return None


def _at(path: Path, part: Any, what: str) -> str:  # noqa: ANN401 - an event or a node
    return f"{path}:{part.start_mark.line + 1}:{part.start_mark.column + 1} {what}"


def _places(path: Path, root: Node) -> dict[tuple[Key, ...], tuple[int, int]]:
    """Return the place of each value. Raises ConfigError with every duplicate key."""
    places: dict[tuple[Key, ...], tuple[int, int]] = {}
    twice: dict[tuple[Key, ...], str] = {}
    for keys, node in _walk(path, root, root):
        if keys in places and keys[:-1] not in twice:
            what = f"{named(keys)}: duplicate key, first on line {places[keys][0]}; keep one"
            twice[keys] = _at(path, node, what)
        places.setdefault(keys, (node.start_mark.line + 1, node.start_mark.column + 1))
    if twice:
        raise ConfigError([*twice.values()])
    return places


def _walk(
    path: Path, node: Node, start: Node, keys: tuple[Key, ...] = ()
) -> Iterator[tuple[tuple[Key, ...], Node]]:
    """Yield the keys of each value, and the node where it starts: its key, or the value itself in a list."""
    yield keys, start
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.tag != TEXT:
                raise ConfigError([_at(path, name, "keys must be text; put it in quotes")])
            yield from _walk(path, value, name, (*keys, name.value))
    elif isinstance(node, SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(path, value, value, (*keys, number))

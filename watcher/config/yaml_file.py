"""A YAML file as plain data, with the place of every key: YAML 1.2, and nothing clever."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.reader import ReaderError

from watcher.domain.errors import ConfigError
from watcher.text.clean import printable

LARGEST = 1_000_000  # bytes; a thousand rules take a fifth of it
DEEPEST = 20
NEWLINE = "\n"
TEXT = "tag:yaml.org,2002:str"
Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says (`data`), and where."""

    path: Path
    data: Any
    _places: Mapping[tuple[Key, ...], tuple[int, int]]

    def problem(self, keys: Sequence[Key], what: str) -> str:
        """Write one line about the value at `keys`: file, line, column, key, what is wrong."""
        line, column = self.place(keys)
        name = named(keys)
        return f"{self.path}:{line}:{column} {name + ': ' if name else ''}{printable(what)}"

    def place(self, keys: Sequence[Key]) -> tuple[int, int]:
        """Give line and column, from 1, of the key, or of the nearest thing around it that is there."""
        nearest = tuple(keys)
        while nearest not in self._places:
            nearest = nearest[:-1]
        return self._places[nearest]


def named(keys: Sequence[Key]) -> str:
    """Write keys as `rules[0].when`; an address that stands where a key should is not shown."""
    parts = (f"[{key}]" if isinstance(key, int) else "." + ("***" if "://" in key else key) for key in keys)
    return printable("".join(parts).removeprefix("."))


def read(path: Path) -> YamlFile:
    """Read a file. Raises ConfigError with a line for each problem."""
    text = _text(path)
    try:
        _refuse_clever(path, text)
        root = _yaml().compose(text)
        if root is None:
            raise ConfigError([f"{path}:1:1 the file is empty; see the shipped rules.yaml for a start"])
        places = _places(path, root)
        return YamlFile(path, _yaml().constructor.construct_document(root), places)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigError([f"{path}:{place} this is not YAML: {error.problem}"]) from None
    except ReaderError as error:
        start = text[: error.position]
        place = f"{start.count(NEWLINE) + 1}:{len(start) - start.rfind(NEWLINE)}"
        raise ConfigError(
            [f"{path}:{place} the character U+{error.character:04X} cannot stand here"]
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}:1:1 this is not YAML: {str(error).splitlines()[0]}"]) from None


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


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


def _refuse_clever(path: Path, text: str) -> None:
    """Refuse what no configuration needs and what has been used for harm, before anything is built."""
    depth = documents = 0
    for event in _yaml().parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        has_tag = getattr(event, "ctag", None) is not None and event.tag is not None
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            what = "anchors and aliases (& and *) are not used here; write the value out (or quote it)"
        elif has_tag:
            what = "tags (!) are not used here; quote the value if it is text"
        elif depth > DEEPEST:
            what = f"is nested more than {DEEPEST} deep"
        elif documents > 1:
            what = "a second document (---) starts here; the file has one"
        elif getattr(event, "version", None):
            what = "a %YAML line is not used here; the file is YAML 1.2"
        else:
            continue
        raise ConfigError([_line(path, event, what)])


def _line(path: Path, part: Any, what: str) -> str:  # noqa: ANN401 - an event or a node
    return f"{path}:{part.start_mark.line + 1}:{part.start_mark.column + 1} {what}"


def _places(path: Path, root: Node) -> dict[tuple[Key, ...], tuple[int, int]]:
    """Note where everything stands. Raises ConfigError with every key that is there twice."""
    places: dict[tuple[Key, ...], tuple[int, int]] = {}
    twice: dict[tuple[Key, ...], str] = {}
    for keys, node in _walk(path, root, root):
        if keys in places and keys[:-1] not in twice:
            what = f"{named(keys)}: is there twice, first in line {places[keys][0]}; keep one"
            twice[keys] = _line(path, node, what)
        places.setdefault(keys, (node.start_mark.line + 1, node.start_mark.column + 1))
    if twice:
        raise ConfigError([*twice.values()])
    return places


def _walk(
    path: Path, node: Node, start: Node, keys: tuple[Key, ...] = ()
) -> Iterator[tuple[tuple[Key, ...], Node]]:
    """Give the keys that lead to each value, with the node where it starts: its key, in a list itself."""
    yield keys, start
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.tag != TEXT:
                raise ConfigError([_line(path, name, "a key is text here; put it in quotes")])
            yield from _walk(path, value, name, (*keys, name.value))
    elif isinstance(node, SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(path, value, value, (*keys, number))

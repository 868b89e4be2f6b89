"""A YAML file as plain data, with the place of every key: YAML 1.2, and nothing clever."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from watcher.errors import ConfigError

LARGEST = 1_000_000  # bytes; a thousand rules take a fifth of it
DEEPEST = 20
Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says (`data`), and where."""

    path: Path
    data: Any
    _root: Node

    def problem(self, keys: Sequence[Key], what: str) -> str:
        """Write one line about the value at `keys`: file, line, column, key, what is wrong."""
        line, column = self.place(keys)
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")
        return f"{self.path}:{line}:{column} {name + ': ' if name else ''}{what}"

    def place(self, keys: Sequence[Key]) -> tuple[int, int]:
        """Give line and column, from 1, of the key, or of the nearest thing around it that is there."""
        node, found = self._root, self._root
        for key in keys:
            if isinstance(node, MappingNode):
                pair = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
                pair = (node.value[key], node.value[key])
            else:
                pair = None
            if pair is None:
                break
            found, node = pair
        return found.start_mark.line + 1, found.start_mark.column + 1


def read(path: Path) -> YamlFile:
    """Read a file. Raises ConfigError with a line for each problem."""
    text = _text(path)
    try:
        _refuse_clever(path, text)
        root = _yaml().compose(text)
        if root is None:
            raise ConfigError([f"{path}:1:1 the file is empty; see the shipped rules.yaml for a start"])
        if twice := list(_duplicates(path, root)):
            raise ConfigError(twice)
        return YamlFile(path, _yaml().load(text), root)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigError([f"{path}:{place} this is not YAML: {error.problem}"]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}:1:1 this is not YAML: {str(error).splitlines()[0]}"]) from None


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _text(path: Path) -> str:
    try:
        body = path.read_bytes()
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
    """Refuse what no configuration needs and what can do harm: aliases, tags, a second document."""
    depth = documents = 0
    for event in _yaml().parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        has_tag = getattr(event, "ctag", None) is not None and event.tag is not None
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            what = "anchors and aliases (& and *) are not used here; quote the value if it is text"
        elif has_tag:
            what = "tags (!) are not used here; quote the value if it is text"
        elif depth > DEEPEST:
            what = f"is nested more than {DEEPEST} deep"
        elif documents > 1:
            what = "a second document (---) starts here; the file has one"
        else:
            continue
        mark = event.start_mark
        raise ConfigError([f"{path}:{mark.line + 1}:{mark.column + 1} {what}"])


def _duplicates(path: Path, node: Node) -> Iterator[str]:
    if isinstance(node, MappingNode):
        first: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if name.value in first:
                place = f"{path}:{line}:{name.start_mark.column + 1}"
                yield f"{place} {name.value}: is there twice, first in line {first[name.value]}; keep one"
            first.setdefault(name.value, line)
            yield from _duplicates(path, value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _duplicates(path, value)
